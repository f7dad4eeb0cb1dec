"""The paper's data cases: which party holds which classes, which samples and which kind of model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from bema_py.core.errors import InputError
from bema_py.learning.datasets import (
    CLASSES,
    Dataset,
    DatasetSizeError,
    IndexArray,
    SplitDataset,
    equal_share,
)

ALL_CLASSES = tuple(range(CLASSES))


@dataclass(frozen=True, slots=True, eq=False)
class CaseParty:
    """One party of a case.

    held: classes of its private data, ascending. label_space: classes its model scores, ascending.
    architecture: a key of ARCHITECTURES. original: whether it is a founder.
    """

    private: Dataset
    held: tuple[int, ...]
    label_space: tuple[int, ...]
    architecture: str
    original: bool


@dataclass(frozen=True, slots=True, eq=False)
class DataCase:
    """A data set dealt to parties without overlap, the shared public samples if any, and the test samples."""

    name: str
    parties: tuple[CaseParty, ...]
    public: Dataset | None
    test: Dataset


@dataclass(frozen=True, slots=True)
class CasePlan:
    """What a case fixes before any sample is dealt, party by party."""

    held: tuple[tuple[int, ...], ...]
    architectures: tuple[str, ...]
    originals: frozenset[int]
    public: bool = False
    parts: int = 1


class UnknownCaseError(InputError):
    """A case of that name does not exist."""

    def __init__(self, name: str) -> None:
        """Keep the name asked for."""
        self.name = name
        super().__init__(f"there is no data case {name!r}, choose one of {', '.join(CASES)}")


def _window(first: int, size: int) -> tuple[int, ...]:
    """Give `size` classes from `first` on, continuing at class 0 after the last."""
    return tuple(sorted((first + step) % CLASSES for step in range(size)))


def _ten_parties(public: bool, parts: int) -> CasePlan:
    architectures = ("lenet5",) * 3 + ("lenet4",) * 3 + ("mlp",) * 4
    held = tuple(_window(party, 3) for party in range(10))
    return CasePlan(held, architectures, frozenset({0, 3, 6, 9}), public, parts)


_FIVE = tuple(_window(first, 4) for first in (0, 2, 4, 6, 8))

CASES: Mapping[str, CasePlan] = MappingProxyType(
    {
        "A": CasePlan((ALL_CLASSES,) * 2, ("lenet5",) * 2, frozenset({0, 1})),
        "B": CasePlan((ALL_CLASSES[:5], ALL_CLASSES[5:]), ("lenet5",) * 2, frozenset({0, 1})),
        "C": CasePlan(_FIVE, ("lenet5",) * 5, frozenset({0, 2, 4})),
        "D": _ten_parties(True, 1),
        "D0": _ten_parties(False, 1),
        "D-20": _ten_parties(True, 2),
        "D-50": _ten_parties(True, 5),
        "D0-20": _ten_parties(False, 2),
        "D0-50": _ten_parties(False, 5),
    }
)
"""Every case. A party cut in `parts` hands its classes, architecture and standing to each part."""


def build_case(name: str, dataset: SplitDataset, seed: int) -> DataCase:
    """Deal a data set to the parties of a case, the same way for the same seed.

    Every training sample goes to one party or to the public set. A class held by several parties, or by the parts of
    one, is dealt in equal shares. Raises UnknownCaseError and DatasetSizeError.
    """
    if name not in CASES:
        raise UnknownCaseError(name)
    plan = CASES[name]
    training = dataset.training
    random = np.random.default_rng(seed)
    order = random.permutation(len(training))
    taken = public_rows(training, order, dataset.public_size) if plan.public else order[:0]
    rest = order[~np.isin(order, taken)]
    holders = [held for held in plan.held for _ in range(plan.parts)]
    parties = tuple(
        CaseParty(
            training.select(random.permutation(rows)),
            held,
            ALL_CLASSES if plan.public else held,
            plan.architectures[number // plan.parts],
            number // plan.parts in plan.originals,
        )
        for number, (held, rows) in enumerate(zip(holders, deal(training, rest, holders), strict=True))
    )
    return DataCase(name, parties, training.select(taken) if plan.public else None, dataset.test)


def public_rows(training: Dataset, order: IndexArray, size: int) -> IndexArray:
    """Choose the public samples: equally many of every class, mixed."""
    shares = equal_share(training.labels[order], size // CLASSES, "the public set")
    return order[np.sort(np.concatenate(shares))]


def deal(training: Dataset, rows: IndexArray, holders: Sequence[tuple[int, ...]]) -> list[IndexArray]:
    """Cut every class of these rows in equal shares for its holders; raises DatasetSizeError for an empty one."""
    hands: list[list[IndexArray]] = [[] for _ in holders]
    for label in ALL_CLASSES:
        numbers = [number for number, held in enumerate(holders) if label in held]
        of_class = rows[training.labels[rows] == label]
        if len(of_class) < len(numbers):
            raise DatasetSizeError("one sample a party", label, len(of_class), len(numbers))
        for number, share in zip(numbers, np.array_split(of_class, len(numbers)), strict=True):
            hands[number].append(share)
    return [np.concatenate(hand) for hand in hands]
