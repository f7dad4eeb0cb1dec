"""`bema model` and `bema party train`: a model of one's own, shown, and rebuilt in PyTorch as docs/models.md says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from bema_py.cli.main import run
from bema_py.core.types import ModelDigest
from bema_py.learning.datasets import load_digits_dataset
from bema_py.learning.scoring import class_scores
from bema_py.roles.content import card_of, load_model
from bema_py.storage.directory_store import DirectoryStore

PAGE = Path(__file__).parents[3] / "docs/models.md"
PROFILE = """
[party]
steps = 30

[data]
case = "C"
party = 1
"""
WIDE = """
input = [1, 28, 28]
layers = [{ convolution = 4, padding = 2 }, "relu", "pool", "pool", { linear = 60 }, "relu"]
"""


@pytest.fixture
def bema(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bema.toml").write_text(PROFILE)
    (tmp_path / "wide.toml").write_text(WIDE)

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run()
        captured = capsys.readouterr()
        return end.value.code, captured.out, " ".join(captured.err.split())

    return call


def trained(bema, *arguments):
    code, out, err = bema("party", "train", "--json", *arguments)
    assert code == 0, err
    return json.loads(out)["model"]


def rebuilt(card, path):
    """The network of docs/models.md, by the very code printed there."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}
    exec(code, names)
    return names["load"](card, path)


@pytest.mark.parametrize("kind", ["lenet5", "lenet4", "mlp", "linear", "svm", "wide.toml"])
def test_the_exported_network_gives_the_scores_of_the_exact_one(bema, tmp_path, kind):
    digest = trained(bema, "--architecture", kind)
    code, out, _ = bema("model", "show", digest, "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["classes"] == [2, 3, 4, 5]
    assert shown["kind"] == {"svm": "linear", "wide.toml": "custom"}.get(kind, kind)
    assert bema("model", "export", digest, "--out", "mine.pt")[0] == 0
    network = rebuilt(shown, "mine.pt")
    images = load_digits_dataset().test.images
    with torch.no_grad():
        floats = torch.softmax(network(torch.tensor(images) / 256), 1)[:, :-1].numpy()
    model = load_model(DirectoryStore(tmp_path / "content"), ModelDigest(bytes.fromhex(digest[2:])))
    exact = class_scores([model], images, 10)[0][:, 2:6] / 2**24
    # The bound docs/models.md states.
    assert np.abs(floats - exact).max() < 1e-4


def test_the_file_holds_float32_tensors_and_nothing_to_unpickle(bema, tmp_path):
    digest = trained(bema, "--architecture", "wide.toml")
    bema("model", "export", digest)
    state = torch.load("model.pt", weights_only=True)
    model = load_model(DirectoryStore(tmp_path / "content"), ModelDigest(bytes.fromhex(digest[2:])))
    assert list(state) == [name for name, _ in model.architecture.parameter_shapes()]
    for tensor, theta in zip(state.values(), model.theta, strict=True):
        assert tensor.dtype == torch.float32
        assert np.array_equal(tensor.numpy(), (theta / 2**28).astype(np.float32))


def test_a_model_is_read_from_its_two_files_too(bema, tmp_path):
    digest = trained(bema, "--architecture", "linear")
    card, file = card_of(
        load_model(DirectoryStore(tmp_path / "content"), ModelDigest(bytes.fromhex(digest[2:])))
    )
    Path("card").write_bytes(card.to_bytes())
    Path("parameters").write_bytes(file)
    for arguments in ((digest, "--out", "a.pt"), ("card", "--parameters", "parameters", "--out", "b.pt")):
        code, out, _ = bema("model", "export", *arguments, "--json")
        assert (code, json.loads(out)["model"]) == (0, digest)
    first, second = (torch.load(name, weights_only=True) for name in ("a.pt", "b.pt"))
    assert all(torch.equal(first[name], second[name]) for name in first)
    damaged = bytearray(file)
    damaged[-1] ^= 1
    Path("parameters").write_bytes(damaged)
    assert bema("model", "export", "card", "--parameters", "parameters")[0] == 5


def test_show_prints_layers_and_the_bits_of_their_largest_sums(bema):
    code, out, _ = bema("model", "show", trained(bema, "--architecture", "lenet4"))
    assert code == 0
    assert "lenet4: 50445 parameters, input [1, 28, 28], classes [2, 3, 4, 5]" in " ".join(out.split())
    assert "weight update" in out
    assert "52.989" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["model", "show", "0x12"],
            2,
            "MODEL is '0x12', must be 64 hexadecimal digits",
        ),
        (["model", "show", "0x" + "00" * 32], 5, "error:"),
        (["model", "export", "card", "--parameters", "none"], 2, "card cannot be read (No such file"),
        (["party", "train", "--architecture", "cnn"], 2, "there is no kind of model 'cnn'"),
        (["party", "train", "--architecture", "none.toml"], 2, "none.toml: it cannot be read"),
        (
            ["party", "train", "--architecture", "bad.toml"],
            2,
            "bad.toml: layers.2: the forward sum could reach",
        ),
        (
            ["party", "train", "--architecture", "flat.toml"],
            2,
            "input is [1, 1, 9], the data has [1, 28, 28]",
        ),
    ],
)
def test_mistakes_end_in_one_line(bema, arguments, code, message):
    Path("bad.toml").write_text('input = [1, 28, 28]\nlayers = [{ linear = 700 }, "relu"]')
    Path("flat.toml").write_text("input = [1, 1, 9]\nlayers = []")
    found, _, err = bema(*arguments)
    assert (found, "Traceback" in err) == (code, False)
    assert message in err


def test_an_export_needs_a_place(bema):
    digest = trained(bema, "--architecture", "linear")
    code, _, err = bema("model", "export", digest, "--out", "no/where.pt")
    assert code == 2
    assert "no/where.pt cannot be written (No such file" in err


def test_a_card_that_is_none_is_refused(bema):
    Path("card").write_bytes(b"\xa0")
    Path("parameters").write_bytes(b"")
    code, _, err = bema("model", "show", "card", "--parameters", "parameters")
    assert code == 6
    assert "model card lacks" in err
