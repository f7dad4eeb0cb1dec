"""The benchmark runs, and measures what it says."""

import json

import numpy as np
import pytest
from tiny_network import tiny_network

from bema_py.bench import audits
from bema_py.bench.__main__ import main
from bema_py.bench.subjects import (
    lenient_rules,
    members_of_d,
    random_candidates,
    random_images,
    random_models,
)
from bema_py.core.architecture import ARCHITECTURES
from bema_py.learning.calibration import calibrate_block
from bema_py.learning.float_scores import float_scores
from bema_py.learning.scoring import class_scores
from bema_py.roles.run_record import CONTENT, write_run
from bema_py.storage.directory_store import DirectoryStore


def test_quick_run(tmp_path, capsys):
    main(["--quick", "--turns", "1", "--out", str(tmp_path)])
    result = json.loads((tmp_path / "bench.json").read_text())
    page = (tmp_path / "bench.md").read_text()
    assert capsys.readouterr().out == page
    assert [(entry["kind"], entry["models"]) for entry in result["scoring"]] == [
        (kind, models) for kind in ARCHITECTURES for models in (1, 2)
    ]
    for entry in (result["scan"], *result["scoring"]):
        times = entry["microseconds"]
        assert entry["ratio_float32"] == pytest.approx(times["exact"] / times["float32"])
        assert f"| {entry['kind']} | {entry['models']} | {entry['images']} | {times['exact']:.1f} |" in page
    assert [block["parties"] for block in result["blocks"]] == [2, 4]
    assert all(sum(block["shares"].values()) == pytest.approx(1) for block in result["blocks"])


@pytest.mark.parametrize("double", [False, True])
def test_float_scores_are_of_the_same_models(double):
    models, images = random_models(tuple(ARCHITECTURES), 4), random_images(5)
    exact = class_scores(models, images, 10) / 2**24
    for row, found in zip(exact, float_scores(models, images, double=double), strict=True):
        assert np.abs(row - found[:, :10].numpy()).max() < 1e-3


def test_blocks_use_as_many_samples_as_they_may():
    models = dict(enumerate(random_models(("linear",), 4), 1))
    block = calibrate_block(models, members_of_d(4), random_candidates(30), lenient_rules(25), 1)
    # Parties 1 to 4 hold classes 1 to 6: of 30 labels in turn 18 have holders.
    assert len(block.used) == 18
    assert block.changed == (1, 2, 3, 4)


def test_audits_are_timed_beside_mining(tmp_path, capsys):
    tiny = tiny_network(tmp_path, DirectoryStore(tmp_path / CONTENT))
    tiny.play(2)
    write_run(tmp_path, tiny.network.deployment, tiny.network.events())
    tiny.chain.close()
    audits.main([str(tmp_path), "--turns", "1", "--out", str(tmp_path / "audits.json")])
    result = json.loads((tmp_path / "audits.json").read_text())
    assert json.loads(capsys.readouterr().out) == result
    assert [block["height"] for block in result["blocks"]] == [1, 2]
    mining, auditing = (sum(block[key] for block in result["blocks"]) for key in ("mining", "auditing"))
    assert result["auditing_to_mining"] == pytest.approx(auditing / mining)
    assert result["speedup"] == pytest.approx(result["seconds_one"] / result["seconds_jobs"])
