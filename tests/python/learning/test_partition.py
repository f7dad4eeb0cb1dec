"""Partitions declared in a file: what they deal, and every refusal with its place."""

from pathlib import Path

import numpy as np
import pytest
from test_cases import numbered, numbers

from bema_py.core.types import Digest
from bema_py.learning.cases import (
    CASES,
    CaseClassesError,
    ScalingMismatchError,
    UnknownCaseError,
    build_case,
    deal_case,
)
from bema_py.learning.datasets import Dataset, DatasetSizeError, SplitDataset
from bema_py.learning.parties import TrainingJob
from bema_py.learning.partition import CasePlan, PartitionError, PartyPlan, read_partition
from bema_py.learning.recipe import Recipe

HOSPITALS = """
classes = 10
public = 50

[[party]]
held = [0, 1, 2]
architecture = "svm"
original = true
share = 0.5

[[party]]
held = [2, 3]
architecture = "small.toml"
samples = 31

[[party]]
held = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
architecture = "linear"

[[party]]
held = [0, 9]
architecture = "mlp"
label_space = [0, 5, 9]
"""
SMALL = 'input = [1, 28, 28]\nlayers = [{ linear = 8 }, "relu"]'


@pytest.fixture
def declare(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)

    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return str(path)

    return write


def counts(dataset):
    return np.bincount(dataset.labels, minlength=10).tolist()


def test_shares_numbers_and_equal_parts_of_the_rest(declare):
    case = build_case(declare(HOSPITALS), numbered(1050), 3)
    assert counts(case.public) == [5] * 10
    # 1,050 samples are 105 of a class, 100 of them private.
    half, few, rest, two = (counts(party.private) for party in case.parties)
    assert half == [50, 50, 50, 0, 0, 0, 0, 0, 0, 0]
    assert few == [0, 0, 16, 15, 0, 0, 0, 0, 0, 0]
    assert rest == [25, 50, 34, 85, 100, 100, 100, 100, 100, 50]
    assert two == [25, 0, 0, 0, 0, 0, 0, 0, 0, 50]
    assert [party.original for party in case.parties] == [True, False, False, False]
    assert case.parties[0].label_space == tuple(range(10))
    assert case.parties[3].label_space == (0, 5, 9)


def test_no_sample_goes_to_two_places_and_the_seed_decides(declare):
    path = declare(HOSPITALS)
    first, again, other = (build_case(path, numbered(1050), seed) for seed in (3, 3, 4))
    dealt = numbers(first.public) + [n for party in first.parties for n in numbers(party.private)]
    assert sorted(dealt) == list(range(1050))
    for a, b, c in zip(first.parties, again.parties, other.parties, strict=True):
        assert numbers(a.private) == numbers(b.private) != numbers(c.private)


def test_what_no_party_asks_for_stays_unused(declare):
    path = declare('classes = 10\n[[party]]\nheld = [1, 2]\narchitecture = "linear"\nshare = 0.25')
    case = build_case(path, numbered(1000), 1)
    assert case.public is None
    assert counts(case.parties[0].private) == [0, 25, 25, 0, 0, 0, 0, 0, 0, 0]
    assert case.parties[0].label_space == (1, 2)


def test_named_cases_are_such_plans():
    """A plan written out deals exactly as the case of that name."""
    plan = CasePlan(10, tuple(PartyPlan(p.held, p.architecture, p.original) for p in CASES["C"].parties))
    for mine, named in zip(
        deal_case("mine", plan, numbered(500), 6).parties,
        build_case("C", numbered(500), 6).parties,
        strict=True,
    ):
        assert numbers(mine.private) == numbers(named.private)


def test_a_declared_architecture_trains(declare):
    party = build_case(declare(HOSPITALS.replace("public = 50\n", "")), numbered(500), 3).parties[1]
    model = TrainingJob(party, None, 1, Recipe(2, batch_size=4)).run()
    assert [shape for _, shape in model.architecture.parameter_shapes()] == [(8, 784), (8,), (3, 8), (3,)]


def test_more_than_there_is_is_refused(declare):
    with pytest.raises(
        DatasetSizeError, match="what the parties state needs 107 samples of class 2, the data set has"
    ):
        build_case(declare(HOSPITALS.replace("samples = 31", "samples = 112")), numbered(1050), 3)
    with pytest.raises(DatasetSizeError, match="the public set needs 5 samples of class 0"):
        build_case(declare(HOSPITALS), numbered(40), 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("classes = 10", "classes = [", "it is not TOML"),
        ("classes = 10", "", "classes must be an integer, found NoneType"),
        ("classes = 10", "classes = 5", "party.2.held is 5, must be 0 to 4"),
        ("classes = 10", "classes = 10\ncolour = 1", "field is 'colour', must be one of classes, public"),
        ("public = 50", "public = -1", "public is -1, must be 0 to"),
        ("public = 50", 'scaling = "00ff"', "scaling is '00ff', must be 64 hexadecimal digits"),
        ("held = [2, 3]", "", "party.1.held must be a list of classes, found NoneType"),
        ("held = [2, 3]", "held = []", "party.1.held has length 0"),
        ("held = [2, 3]", "held = [3, 2]", "party.1.held is not strictly ascending at index 1"),
        ("held = [2, 3]", "holds = [2, 3]", "field is 'party.1.holds', must be one of party.1.held"),
        ('"svm"', '"cnn"', "there is no kind of model 'cnn', choose one of lenet5"),
        ('"svm"', "7", "party.0.architecture must be the name of a kind of model or FILE.toml, found int"),
        ('"small.toml"', '"none.toml"', "none.toml: it cannot be read"),
        ("original = true", "original = 1", "party.0.original must be true or false, found int"),
        ("share = 0.5", "share = 0", "party.0.share is 0, must be above 0 and at most 1"),
        ("share = 0.5", "share = 1.5", "party.0.share is 1.5, must be above 0 and at most 1"),
        ("share = 0.5", "share = nan", "party.0.share is nan, must be above 0 and at most 1"),
        ("share = 0.5", 'share = "half"', "party.0.share must be a number, found str"),
        ("share = 0.5", "share = 0.5\nsamples = 3", "party.0.samples must be left out where share is given"),
        ("samples = 31", "samples = 0", "party.1.samples is 0, must be 1 to"),
        ("[0, 5, 9]", "[0, 5]", "party.3.label_space lacks class 9, which the party holds"),
    ],
)
def test_refusals_name_file_field_and_fault(declare, old, new, message):
    with pytest.raises(PartitionError, match=f"mine.toml: .*{message}"):
        read_partition(Path(declare(HOSPITALS.replace(old, new, 1))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("classes = 2", "party has length 0, must have 1 to 65536"),
        ("classes = 2\nparty = 3", r"party must be \[\[party\]\] tables, found int"),
        ("classes = 2\nparty = [3]", "party.0 must be a table, found int"),
    ],
)
def test_a_partition_has_parties(declare, text, message):
    with pytest.raises(PartitionError, match=f"mine.toml: {message}"):
        build_case(declare(text), numbered(40), 1)


def test_missing_files_and_unknown_names(tmp_path):
    with pytest.raises(PartitionError, match=r"none.toml: it cannot be read \(No such file"):
        build_case(str(tmp_path / "none.toml"), numbered(40), 1)
    with pytest.raises(UnknownCaseError, match=r"D0-50 or a file FILE.toml"):
        build_case("E", numbered(40), 1)


def table(classes, scaling):
    images = np.zeros((40, 1, 1, 3), np.uint8)
    data = Dataset(images, (np.arange(40) % classes).astype(np.uint8))
    return SplitDataset("table", data, data, 4, classes, scaling)


def test_the_partition_states_the_scaling_of_a_table(declare):
    scaling, other = Digest(bytes(range(32))), Digest(bytes(32))
    party = '[[party]]\nheld = [0, 1]\narchitecture = "linear"'
    stated = declare(f'classes = 3\nscaling = "{scaling.hex()}"\n{party}')
    case = build_case(stated, table(2, scaling), 1)
    assert counts(case.parties[0].private)[:2] == [20, 20]
    for found in (other, None):
        with pytest.raises(
            ScalingMismatchError, match=f"states the scaling {scaling.hex()}, the data set's is"
        ):
            build_case(stated, table(2, found), 1)
    with pytest.raises(ScalingMismatchError, match="states the scaling none"):
        build_case(declare(f"classes = 3\n{party}"), table(2, scaling), 1)


def test_labels_beyond_the_classes_are_refused(declare):
    path = declare('classes = 3\n[[party]]\nheld = [0]\narchitecture = "linear"')
    with pytest.raises(CaseClassesError, match="data set table has classes 0 to 3, the case has 0 to 2"):
        build_case(path, table(4, None), 1)
    with pytest.raises(CaseClassesError, match="data set table has classes 0 to 3, the case has 0 to 9"):
        build_case("A", table(4, None), 1)
