"""`bema export`, `bema audit` of a bundle, `bema import`: what they print and their exit codes."""

import json

import pytest
from tiny_network import tiny_network

from bema_py.cli.main import run
from bema_py.cli.output import console
from bema_py.core.cid import object_cid
from bema_py.roles.run_record import CONTENT, write_run
from bema_py.storage.directory_store import DirectoryStore


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("finished")
    tiny = tiny_network(directory, DirectoryStore(directory / CONTENT))
    tiny.play(1)
    write_run(directory, tiny.network.deployment, tiny.network.events())
    tiny.chain.close()
    return directory, tiny.network.deployment


@pytest.fixture
def bema(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return end.value.code, captured.out, captured.err

    return call


def test_a_run_goes_out_and_comes_back(bema, finished, tmp_path):
    directory, deployment = finished
    bundle, restored = tmp_path / "bundle", tmp_path / "restored"
    code, out, _ = bema("export", bundle, "--run", directory, "--json")
    exported = json.loads(out)
    assert (code, exported["missing"]) == (0, [])

    named = ("--chain-id", deployment.chain_id, "--contract", "0x" + deployment.address.hex())
    code, out, _ = bema("audit", bundle, *named, "--manifest", exported["manifest"])
    assert (code, out.splitlines()[0].split()[:2], out.splitlines()[-1]) == (
        0,
        ["evidence", "development:"],
        "verdict: consistent",
    )
    code, out, _ = bema("audit", bundle, "--block-hash", exported["last_block_hash"])
    assert (code, out.splitlines()[-1]) == (0, "verdict: proven")
    code, out, _ = bema("audit", bundle, "--block-hash", "0x" + "00" * 32, "--json")
    report = json.loads(out)
    assert (code, report["verdict"], [each["check"] for each in report["findings"]]) == (1, "false", [904])
    assert not report["anchors"]["proven"]

    code, out, _ = bema("import", bundle, "--run", restored, "--json")
    assert code == 0
    assert bema("audit", restored, "--manifest", json.loads(out)["manifest"])[0] == 0
    code, out, _ = bema("import", bundle, "--into", tmp_path / "store", "--json")
    assert (code, json.loads(out)["objects"]) == (0, exported["objects"])


def test_an_audit_says_what_it_rests_on_before_it_recomputes(bema, finished, tmp_path, monkeypatch):
    directory, _ = finished
    bundle, report = tmp_path / "bundle", tmp_path / "report"
    bema("export", bundle, "--run", directory)
    # Both streams into one, so that their order shows.
    monkeypatch.setattr("bema_py.cli.audit.errors", console)
    code, out, _ = bema("audit", bundle, "--report", report)
    assert code == 0
    assert out.index("evidence") < out.index("block hash") < out.index("block 1: recomputed")
    text = (report / "audit.md").read_text()
    assert text.index("| evidence |") < text.index("| chain id |") < text.index("## Verdict")
    assert (report / "audit.html").is_file()
    assert json.loads((report / "audit.json").read_text())["audit"]["verdict"] == "consistent"


def test_missing_content_has_exit_code_5_and_a_bundle(bema, finished, tmp_path):
    directory, deployment = finished
    path = DirectoryStore(directory / CONTENT).path_of(object_cid(deployment.rules_digest))
    data = path.read_bytes()
    path.unlink()
    try:
        code, out, _ = bema("export", tmp_path / "bundle", "--run", directory, "--json")
    finally:
        path.write_bytes(data)
    assert (code, json.loads(out)["missing"]) == (5, [str(object_cid(deployment.rules_digest))])
    assert bema("audit", tmp_path / "bundle")[0] == 5
    assert bema("import", tmp_path / "bundle", "--into", tmp_path / "store")[0] == 5


def test_mistakes_are_one_line(bema, finished, tmp_path):
    directory, _ = finished
    for arguments, words in (
        (("export", directory, "--run", directory), "exists already"),
        (("export", tmp_path / "a", "--run", tmp_path / "none"), "is not a run directory"),
        (("audit", directory, "--chain-id", 1), "say what a bundle must be about"),
        (("import", directory, "--into", tmp_path), "is not a bundle"),
        (("import", directory), "says where the bundle goes"),
    ):
        code, _, err = bema(*arguments)
        assert code == 2
        assert words in " ".join(err.split())
