"""Which models a sieve asks first: those that decide most cheaply on samples that all models are sure of.

Nothing that is decided depends on the choice, only what deciding costs.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from bema_py.core.rules import Rules
from bema_py.learning.arithmetic import ONE
from bema_py.learning.krum import neighbour_count

DOUBT = ONE // 64
"""How far from 0 and 1 the scores of a sure model are taken to lie."""


@cache
def first_look(
    held: tuple[frozenset[int], ...], efforts: tuple[int, ...], label: int, rules: Rules
) -> tuple[int, ...]:
    """Choose models, by the classes they hold and what a sample costs them, for samples of a class that has holders.

    The more of its holders are asked, the fewer holders of the other classes have to be (see `Partial.least`), and
    the other way round: of all such pairs the cheapest one is taken. Where no bound decides, all holders are.
    """
    holders = Counter(y for classes in held for y in classes)
    chosen = tuple(position for position, classes in enumerate(held) if label in classes)
    least_cost = sum(efforts)
    for sure in range(holders[label] + 1):
        least = sure_least(sure, holders[label], rules)
        needs = {y: needed(least, holders[label], n, rules) for y, n in holders.items() if y != label}
        if any(need > holders[y] for y, need in needs.items()):
            continue
        found = cover(dict(enumerate(held)), efforts, {**needs, label: sure}, dict.fromkeys(holders, 1))
        cost = sum(efforts[position] for position in found)
        if cost < least_cost:
            chosen, least_cost = tuple(sorted(found)), cost
    return chosen


def sure_least(sure: int, holders: int, rules: Rules) -> int:
    """Give the least sum of a class's aggregate, in 2^-24, that a sample would be valid with, as in `Partial.least`."""
    neighbours = neighbour_count(holders, rules.alpha)
    least = rules.delta * neighbours
    if sure == holders:
        return max(least, neighbours * (ONE - DOUBT))
    if neighbours == holders and sure:
        return max(least, sure * (ONE - DOUBT), neighbours * (ONE - DOUBT - rules.sigma))
    return least


def needed(least: int, holders: int, rivals: int, rules: Rules) -> int:
    """Give how many of another class's holders must be asked until eq. 8 refuses; more than there are if it never does.

    least: as `sure_least` gives it. holders and rivals: how many hold the class and the other one.
    """
    own, most = neighbour_count(holders, rules.alpha), neighbour_count(rivals, rules.alpha)
    for asked in range(rivals + 1):
        unknown = min(most, rivals - asked)
        bound = unknown * ONE + (most - unknown) * DOUBT
        if least * most - bound * own > rules.tau * own * most:
            return asked
    return rivals + 1


def cover(
    candidates: Mapping[int, Collection[int]],
    efforts: Sequence[int],
    needs: Mapping[int, int],
    weights: Mapping[int, int],
) -> list[int]:
    """Choose models until each class is held by as many of them as it needs, or nobody is left who holds it.

    candidates: the classes that each may be chosen for, by its place in efforts. Greedily: the one that is worth most
    for its effort, classes counting by their weights as long as they are needed.
    """
    left, open_needs = dict(candidates), Counter(needs)
    chosen: list[int] = []
    while True:
        worth = {
            position: sum(weights[y] for y in classes if open_needs[y] > 0) / efforts[position]
            for position, classes in left.items()
        }
        best = max(worth, key=worth.__getitem__, default=None)
        if best is None or not worth[best]:
            return chosen
        chosen.append(best)
        open_needs.subtract(left.pop(best))
