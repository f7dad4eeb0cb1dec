"""Targets from chain time: the pure twin of the contract's retargeting and easing."""

from collections.abc import Sequence
from dataclasses import dataclass

CLAMP = 4
"""A period's target changes at most by this factor, up or down."""


@dataclass(frozen=True, slots=True)
class TargetRule:
    """What targets follow from, besides the times of the blocks.

    target: of the first period. maximum: no target goes beyond it. spacing: seconds between two blocks. interval:
    blocks in a period. patience: spacings without a block after which the target doubles with every further one.
    """

    target: int
    maximum: int
    spacing: int
    interval: int
    patience: int


def retarget(target: int, elapsed: int, expected: int, maximum: int) -> int:
    """Give the next period's target: floor(target * elapsed / expected), elapsed clamped, the result 1..maximum.

    elapsed: seconds the last period took. expected: seconds it should have taken.
    """
    time = min(max(elapsed, expected // CLAMP), expected * CLAMP)
    return min(max(target * time // expected, 1), maximum)


def ease(target: int, waited: int, rule: TargetRule) -> int:
    """Give the target after `waited` seconds without a block: doubled for every spacing beyond the patience."""
    doublings = waited // rule.spacing - rule.patience
    if doublings <= 0:
        return target
    # More doublings than a target has bits reach the maximum, and need no huge number to be formed.
    return min(target << min(doublings, 256), rule.maximum)


def target_at(rule: TargetRule, opened: int, submitted: Sequence[int], time: int) -> int:
    """Give the target of the block after those submitted at these chain times, submitted itself at `time`.

    opened: chain time at which the genesis phase closed. All times are in seconds.
    """
    target, start = rule.target, opened
    for last in range(rule.interval - 1, len(submitted), rule.interval):
        end = submitted[last]
        target = retarget(target, end - start, rule.interval * rule.spacing, rule.maximum)
        start = end
    tip = submitted[-1] if submitted else opened
    return ease(target, max(time - tip, 0), rule)
