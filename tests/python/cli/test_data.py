"""docs/data.md, followed as it is written."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bema_py.cli.main import run
from bema_py.cli.predict import read_images
from bema_py.core.errors import InputError
from bema_py.core.types import ModelDigest
from bema_py.demo.tuning import TUNINGS
from bema_py.learning.npz import load_npz, load_samples
from bema_py.learning.predictors import accuracy, max_model
from bema_py.learning.scoring import class_scores
from bema_py.roles.content import load_model
from bema_py.storage.directory_store import DirectoryStore

PAGE = (Path(__file__).parents[3] / "docs/data.md").read_text()


@pytest.fixture
def bema(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run()
        captured = capsys.readouterr()
        return end.value.code, captured.out, " ".join(captured.err.split())

    return call


def write_the_pages_files():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    subprocess.run([sys.executable, "-c", code], check=True)
    for name, text in re.findall(r"```toml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL):
        Path(name).write_text(text)


def commands():
    return [
        line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
    ]


def stated_accuracies():
    (text,) = re.findall(r"the three models are right in ([\d., and]+) % of cases", PAGE.replace("\n", " "))
    return [float(number) for number in re.findall(r"\d+\.\d", text)]


def test_the_worked_example(bema, tmp_path):
    write_the_pages_files()
    code, out, err = bema("data", "show", "clinic.npz", "--json")
    assert code == 0, err
    shown = json.loads(out)
    assert shown["shape"] == [1, 1, 30]
    assert (sum(shown["training"]), sum(shown["test"])) == (455, 114)
    assert shown["scaling"] in PAGE
    for line in commands():
        program, *arguments = line.split()
        if program == "bema":
            code, _, err = bema(*arguments)
            assert code == 0, err
    test = load_npz(Path("clinic.npz")).test
    store = DirectoryStore(tmp_path / "content")
    found = []
    for clinic in range(3):
        digest = ModelDigest(bytes.fromhex(Path(f"clinic{clinic}/model").read_text().strip()[2:]))
        scores = class_scores([load_model(store, digest)], test.images, 2)
        found.append(100 * accuracy(max_model(scores), test.labels))
    # Training is float and may differ a little between machines: two rows of 114.
    assert found == pytest.approx(stated_accuracies(), abs=1.8)


def test_another_scaling_is_refused_before_training(bema):
    write_the_pages_files()
    text = Path("scaling.toml").read_text()
    Path("scaling.toml").write_text(text.replace("minimum = 6.981", "minimum = 6.5"))
    code, _, err = bema("party", "train", "--profile", "clinic0.toml")
    assert code == 2
    assert "the partition states the scaling" in err


def test_a_clinic_with_only_its_own_rows(bema):
    write_the_pages_files()
    table = dict(np.load("clinic.npz"))
    own = table["labels"] == 0
    np.savez("clinic.npz", features=table["features"][own], labels=table["labels"][own])
    head = Path("clinics.toml").read_text().split("[[party]]")[0]
    Path("clinics.toml").write_text(f'{head}[[party]]\nheld = [0]\narchitecture = "linear"\n')
    code, _, err = bema("party", "train", "--profile", "clinic0.toml")
    assert code == 0, err


def test_pictures_are_shown_too_and_mistakes_end_in_one_line(bema):
    code, out, _ = bema("data", "show", "digits")
    assert code == 0
    assert "│ shape │ [1, 28, 28] │" in " ".join(out.split())
    Path("text.npz").write_text("no archive")
    for name, message in (
        ("text.npz", "text.npz: not a whole .npz file"),
        ("none.npz", "none.npz: cannot be read (No such file"),
        ("cifar", "there is no data set 'cifar', choose one of digits, mnist or a file FILE.npz"),
    ):
        code, _, err = bema("data", "show", name)
        assert (code, "Traceback" in err) == (2, False)
        assert message in err


def test_predict_takes_a_table_without_labels(bema):
    write_the_pages_files()
    table = dict(np.load("clinic.npz"))
    np.savez("new.npz", features=table["features"][:7], names=table["names"])
    rules = replace(TUNINGS["digits"].rules, classes=2, input=(1, 1, 30))
    rows = read_images(Path("new.npz"), rules)
    assert np.array_equal(rows[:, 0, 0], load_samples(Path("clinic.npz"))[:7, 0, 0])
    with pytest.raises(
        InputError, match=r"new.npz holds uint8 of shape \(7, 1, 1, 30\), uint8 of shape \(n, 1, 28, 28\)"
    ):
        read_images(Path("new.npz"), TUNINGS["digits"].rules)
