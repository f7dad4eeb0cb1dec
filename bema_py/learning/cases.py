"""The data cases: which party holds which classes, which samples and which kind of model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType

import numpy as np

from bema_py.core.errors import InputError
from bema_py.core.types import Digest
from bema_py.learning.datasets import (
    CLASSES,
    Dataset,
    DatasetSizeError,
    IndexArray,
    SplitDataset,
    equal_share,
)
from bema_py.learning.partition import CasePlan, PartyPlan, read_partition

ALL_CLASSES = tuple(range(CLASSES))


@dataclass(frozen=True, slots=True, eq=False)
class CaseParty:
    """One party of a case.

    held: classes of its private data, ascending. label_space: classes its model scores, ascending.
    architecture: a key of KINDS, or the path of a declared architecture. original: whether it is a founder.
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
    classes: int = CLASSES


class UnknownCaseError(InputError):
    """A case of that name does not exist."""

    def __init__(self, name: str) -> None:
        """Keep the name asked for."""
        self.name = name
        super().__init__(
            f"there is no data case {name!r}, choose one of {', '.join(CASES)} or a file FILE.toml"
        )


class CaseClassesError(InputError):
    """A data set whose classes are not those of the case."""

    def __init__(self, dataset: str, found: int, required: int) -> None:
        """Keep the data set's name, its number of classes and the case's."""
        self.dataset, self.found, self.required = dataset, found, required
        super().__init__(f"data set {dataset} has classes 0 to {found - 1}, the case has 0 to {required - 1}")


class ScalingMismatchError(InputError):
    """A table was turned into bytes by another scaling than the partition states."""

    def __init__(self, stated: Digest | None, found: Digest | None) -> None:
        """Keep the digest the partition states and that of the data set's scaling."""
        self.stated, self.found = stated, found
        states, has = ("none" if value is None else value.hex() for value in (stated, found))
        super().__init__(f"the partition states the scaling {states}, the data set's is {has}")


def _window(first: int, size: int) -> tuple[int, ...]:
    """Give `size` classes from `first` on, continuing at class 0 after the last."""
    return tuple(sorted((first + step) % CLASSES for step in range(size)))


def _plan(
    held: Sequence[tuple[int, ...]], architectures: Sequence[str], originals: set[int], public: int | None = 0
) -> CasePlan:
    parties = zip(held, architectures, strict=True)
    return CasePlan(
        CLASSES,
        tuple(PartyPlan(own, kind, number in originals) for number, (own, kind) in enumerate(parties)),
        public,
    )


def _ten_parties(public: int | None, parts: int) -> CasePlan:
    """Give the ten parties of case D; each cut in `parts` hands its classes, architecture and standing to each part."""
    architectures = ("lenet5",) * 3 + ("lenet4",) * 3 + ("mlp",) * 4
    plan = _plan([_window(party, 3) for party in range(10)], architectures, {0, 3, 6, 9}, public)
    return CasePlan(plan.classes, tuple(party for party in plan.parties for _ in range(parts)), public)


_FIVE = [_window(first, 4) for first in (0, 2, 4, 6, 8)]

CASES: Mapping[str, CasePlan] = MappingProxyType(
    {
        "A": _plan([ALL_CLASSES] * 2, ["lenet5"] * 2, {0, 1}),
        "B": _plan([ALL_CLASSES[:5], ALL_CLASSES[5:]], ["lenet5"] * 2, {0, 1}),
        "C": _plan(_FIVE, ["lenet5"] * 5, {0, 2, 4}),
        "D": _ten_parties(None, 1),
        "D0": _ten_parties(0, 1),
        "D-20": _ten_parties(None, 2),
        "D-50": _ten_parties(None, 5),
        "D0-20": _ten_parties(0, 2),
        "D0-50": _ten_parties(0, 5),
    }
)
"""Every case of the paper, and ours without a public set."""


def build_case(name: str, dataset: SplitDataset, seed: int) -> DataCase:
    """Deal a data set to the parties of a case, or of the partition file of that path; see deal_case.

    Raises UnknownCaseError, PartitionError and what deal_case raises.
    """
    if name in CASES:
        return deal_case(name, CASES[name], dataset, seed)
    if not name.endswith(".toml"):
        raise UnknownCaseError(name)
    return deal_case(name, read_partition(Path(name)), dataset, seed)


def deal_case(name: str, plan: CasePlan, dataset: SplitDataset, seed: int) -> DataCase:
    """Deal a data set to the parties of a plan, the same way for the same seed; no sample goes to two places.

    A class that several parties hold is dealt in equal shares, or in those the plan states. Raises CaseClassesError,
    ScalingMismatchError and DatasetSizeError.
    """
    # A party's own file may lack the highest classes; the named cases are of all ten.
    if dataset.classes > plan.classes or (name in CASES and dataset.classes != plan.classes):
        raise CaseClassesError(dataset.name, dataset.classes, plan.classes)
    if dataset.scaling != plan.scaling:
        raise ScalingMismatchError(plan.scaling, dataset.scaling)
    training = dataset.training
    size = dataset.public_size if plan.public is None else plan.public
    random = np.random.default_rng(seed)
    order = random.permutation(len(training))
    taken = public_rows(training, order, size, plan.classes)
    rest = order[~np.isin(order, taken)]
    hands = deal(training, rest, plan.parties, plan.classes)
    parties = tuple(
        CaseParty(
            training.select(random.permutation(rows)),
            party.held,
            party.label_space or (tuple(range(plan.classes)) if len(taken) else party.held),
            party.architecture,
            party.original,
        )
        for party, rows in zip(plan.parties, hands, strict=True)
    )
    public = training.select(taken) if len(taken) else None
    return DataCase(name, parties, public, dataset.test, plan.classes)


def public_rows(training: Dataset, order: IndexArray, size: int, classes: int) -> IndexArray:
    """Choose the public samples: equally many of every class, mixed."""
    shares = equal_share(training.labels[order], size // classes, "the public set", classes)
    return order[np.sort(np.concatenate(shares))]


def deal(training: Dataset, rows: IndexArray, parties: Sequence[PartyPlan], classes: int) -> list[IndexArray]:
    """Cut every class of these rows for its holders; raises DatasetSizeError where there are too few samples."""
    hands: list[list[IndexArray]] = [[rows[:0]] for _ in parties]
    for label in range(classes):
        numbers = [number for number, party in enumerate(parties) if label in party.held]
        of_class = rows[training.labels[rows] == label]
        counts = part_sizes(label, len(of_class), [parties[number] for number in numbers])
        for number, end, count in zip(numbers, accumulate(counts), counts, strict=True):
            hands[number].append(of_class[end - count : end])
    return [np.concatenate(hand) for hand in hands]


def part_sizes(label: int, available: int, holders: Sequence[PartyPlan]) -> list[int]:
    """Give how many samples of a class each holder gets: what it states, or an equal part of what is left."""
    stated = [holder.stated_samples(label, available) for holder in holders]
    left = available - sum(count for count in stated if count is not None)
    others = stated.count(None)
    if left < others:
        purpose = "one sample a party" if others == len(stated) else "what the parties state"
        raise DatasetSizeError(purpose, label, available, available - left + others)
    sizes = iter([left // others + (place < left % others) for place in range(others)] if others else [])
    return [next(sizes) if count is None else count for count in stated]
