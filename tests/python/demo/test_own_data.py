"""The demonstration on a table of one's own, dealt by a partition of one's own."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bema_py.core.errors import InputError
from bema_py.core.rules import Rules
from bema_py.demo import settings as demo_settings
from bema_py.demo.scenario import run_demo
from bema_py.demo.settings import DemoSettings
from bema_py.learning.npz import load_npz
from bema_py.learning.recipe import Recipe
from bema_py.roles.run_record import read_run

PARTY = '[[party]]\nheld = [0, 1, 2]\narchitecture = "{}"\noriginal = {}\n'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three classes in four features."""
    rng = np.random.default_rng(5)
    labels = np.arange(600) % 3
    centres = np.array([[2, 8, 5, 5], [8, 2, 5, 5], [5, 5, 9, 1]])
    features = centres[labels] + rng.normal(size=(600, 4))
    np.savez(tmp_path / "mine.npz", features=features, labels=labels)
    rows = [f'{{ name = "f{number}", minimum = 0, maximum = 10 }},' for number in range(4)]
    (tmp_path / "scaling.toml").write_text("features = [\n" + "\n".join(rows) + "\n]\n")
    return tmp_path / "mine.npz"


def partition(table: Path, *originals: bool) -> Path:
    scaling = load_npz(table).scaling
    assert scaling is not None
    kinds = ("svm", "mlp", "linear")
    parties = [PARTY.format(kind, str(own).lower()) for kind, own in zip(kinds, originals, strict=False)]
    path = table.with_name("parts.toml")
    path.write_text(f'classes = 3\nscaling = "{scaling.hex()}"\n' + "".join(parties))
    return path


def test_a_table_is_played_and_audited(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = demo_settings.TUNINGS["digits"]
    short = replace(digits, centralised_recipe=Recipe(50))
    monkeypatch.setattr(demo_settings, "TUNINGS", {"digits": short})
    parts = partition(table, True, True, False)
    settings = DemoSettings(str(table), parties=3, blocks=1, partition=str(parts))
    notes, code = run_demo(settings, table.parent / "run", Console(file=io.StringIO()))
    assert code == 0
    assert [row["architecture"] for row in notes.parties] == ["svm", "mlp", "linear"]
    assert [row["outcome"] for row in notes.admissions] == ["approved"] * 2 + ["refused"] * 2
    assert notes.accuracy["after"]["krum mean"] > 0.9
    record = read_run(table.parent / "run")
    rules = Rules.from_bytes(record.store.get_object(record.deployment.rules_digest))
    assert (rules.classes, rules.input) == (3, (1, 1, 4))


def test_a_demonstration_needs_a_regular_party_and_a_known_data_set(table: Path) -> None:
    settings = DemoSettings(str(table), parties=2, blocks=1, partition=str(partition(table, True, True)))
    with pytest.raises(InputError, match="has no regular party, this demonstration needs one"):
        run_demo(settings, table.parent / "run", Console(file=io.StringIO()))
    with pytest.raises(InputError, match=r"dataset is 'cifar', digits, mnist or a file FILE.npz is needed"):
        DemoSettings("cifar")
    with pytest.raises(InputError, match="parties is 3; case D is defined for"):
        DemoSettings(str(table), parties=3)
