"""The data cases: nobody shares a sample, and everybody holds what the design says."""

import numpy as np
import pytest

from bema_py.learning.cases import CASES, UnknownCaseError, build_case
from bema_py.learning.datasets import Dataset, DatasetSizeError, SplitDataset

TEN_WINDOWS = [tuple(sorted({i, (i + 1) % 10, (i + 2) % 10})) for i in range(10)]


def numbered(size, public=100):
    """Images that carry their own number, so that overlap shows."""
    images = np.zeros((size, 1, 28, 28), np.uint8)
    images[:, 0, 0, :4] = np.arange(size, dtype=">u4").view(np.uint8).reshape(-1, 4)
    labels = (np.arange(size) * 7 % 10).astype(np.uint8)
    training = Dataset(images, labels)
    return SplitDataset("numbered", training, training.select(range(30)), public)


def numbers(data):
    return data.images[:, 0, 0, :4].copy().view(">u4").ravel().tolist()


@pytest.mark.parametrize("name", list(CASES))
def test_every_training_sample_goes_to_one_place(name):
    source = numbered(3001)
    case = build_case(name, source, 5)
    dealt = [number for party in case.parties for number in numbers(party.private)]
    dealt += numbers(case.public) if case.public is not None else []
    assert sorted(dealt) == list(range(3001))
    assert case.test is source.test


@pytest.mark.parametrize("name", list(CASES))
def test_parties_hold_exactly_their_classes_in_equal_shares(name):
    case = build_case(name, numbered(3000), 5)
    counts = np.array([np.bincount(party.private.labels, minlength=10) for party in case.parties])
    for party, row in zip(case.parties, counts, strict=True):
        assert tuple(np.flatnonzero(row)) == party.held
        assert set(party.held) <= set(party.label_space)
    for column in counts.T:
        held = column[column > 0]
        assert held.max() - held.min() <= 1


@pytest.mark.parametrize("name", list(CASES))
def test_founders_hold_every_class(name):
    parties = build_case(name, numbered(3000), 5).parties
    assert {label for party in parties if party.original for label in party.held} == set(range(10))


def test_cases_a_to_c():
    a, b, c = (build_case(name, numbered(3000), 1).parties for name in "ABC")
    assert [party.held for party in a] == [tuple(range(10))] * 2
    assert [party.held for party in b] == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9)]
    assert [party.held for party in c] == [
        (0, 1, 2, 3),
        (2, 3, 4, 5),
        (4, 5, 6, 7),
        (6, 7, 8, 9),
        (0, 1, 8, 9),
    ]
    for parties, founders in ((a, [0, 1]), (b, [0, 1]), (c, [0, 2, 4])):
        assert {party.architecture for party in parties} == {"lenet5"}
        assert all(party.label_space == party.held for party in parties)
        assert [number for number, party in enumerate(parties) if party.original] == founders


@pytest.mark.parametrize(("name", "parts"), [("D", 1), ("D-20", 2), ("D-50", 5)])
def test_case_d_and_its_cuts(name, parts):
    case = build_case(name, numbered(3000), 1)
    assert [party.held for party in case.parties] == [held for held in TEN_WINDOWS for _ in range(parts)]
    kinds = ["lenet5"] * 3 + ["lenet4"] * 3 + ["mlp"] * 4
    assert [party.architecture for party in case.parties] == [kind for kind in kinds for _ in range(parts)]
    assert [number // parts for number, party in enumerate(case.parties) if party.original] == sorted(
        [0, 3, 6, 9] * parts
    )
    assert {party.label_space for party in case.parties} == {tuple(range(10))}
    assert np.bincount(case.public.labels).tolist() == [10] * 10


@pytest.mark.parametrize("name", ["D0", "D0-20", "D0-50"])
def test_case_d0_has_no_public_set_and_narrow_label_spaces(name):
    case = build_case(name, numbered(3000), 1)
    assert case.public is None
    assert all(party.label_space == party.held and len(party.held) == 3 for party in case.parties)


def test_the_seed_decides():
    source = numbered(1000)
    first, again, other = (build_case("D", source, seed) for seed in (1, 1, 2))
    for a, b in zip(first.parties, again.parties, strict=True):
        assert numbers(a.private) == numbers(b.private)
    assert numbers(first.public) == numbers(again.public)
    assert numbers(first.public) != numbers(other.public)


def test_private_samples_come_in_no_order_of_classes():
    labels = build_case("D", numbered(3000), 1).parties[0].private.labels
    assert (np.diff(labels.astype(int)) != 0).mean() > 0.4


def test_too_few_samples_and_unknown_names():
    with pytest.raises(UnknownCaseError, match="no data case 'E', choose one of A, B, C, D, D0"):
        build_case("E", numbered(100), 1)
    with pytest.raises(DatasetSizeError, match="the public set needs 10 samples of class 0"):
        build_case("D", numbered(60), 1)
    with pytest.raises(DatasetSizeError, match="one sample a party needs 15 samples of class 0"):
        build_case("D0-50", numbered(60), 1)
