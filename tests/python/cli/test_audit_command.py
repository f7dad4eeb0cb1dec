"""`bema audit`: part of the blocks, several processes, an audit that goes on, and one that is interrupted."""

import json

import pytest
from tiny_network import tiny_network

from bema_py.cli import audit as command
from bema_py.cli.main import run
from bema_py.roles.run_record import CONTENT, write_run
from bema_py.storage.directory_store import DirectoryStore


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    directory = tmp_path_factory.mktemp("audited")
    tiny = tiny_network(directory, DirectoryStore(directory / CONTENT))
    tiny.play(3)
    digest = write_run(directory, tiny.network.deployment, tiny.network.events())
    tiny.chain.close()
    return directory, digest.hex()


@pytest.fixture
def bema(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return end.value.code, " ".join(captured.out.split()), " ".join(captured.err.split())

    return call


def test_a_whole_audit_shows_each_block_on_the_error_stream(bema, exported):
    directory, digest = exported
    code, out, err = bema("audit", directory, "--manifest", digest)
    assert (code, out) == (0, "3 of 3 blocks recomputed, 0 mismatches, 0 missing")
    assert err == " ".join(f"block {height}: recomputed, identical" for height in (1, 2, 3))


def test_a_partial_audit_says_what_it_did_not_recompute(bema, exported):
    directory, digest = exported
    code, out, err = bema("audit", directory, "--manifest", digest, "--from", 2, "--to", 2)
    assert code == 0
    assert out == (
        "1 of 3 blocks recomputed, 0 mismatches, 0 missing consistent as far as checked; chosen were blocks 2 to 2 "
        "not recomputed: the judgements and calibrations of blocks 1, 3"
    )
    assert "block 1: not recomputed, consistent as far as checked" in err
    code, out, err = bema("audit", directory, "--sample", "1/3", "--json")
    report = json.loads(out)
    assert (code, report["recomputed"], len(report["left_out"]), err) == (0, 1, 2, "")
    assert report["verdict"] == "consistent as far as checked"
    assert report["selection"].startswith("1 of blocks 1 to 3, the share 1/3")


def test_jobs_and_resuming_change_nothing_else(bema, exported, tmp_path):
    directory, _ = exported
    whole = json.loads(bema("audit", directory, "--json")[1])
    options = ("--jobs", 2, "--resume", tmp_path / "kept")
    assert json.loads(bema("audit", directory, "--json", *options)[1]) == whole
    code, out, err = bema("audit", directory, *options)
    assert (code, err.count("recomputed by an earlier audit, identical")) == (0, 3)
    assert out.startswith("3 of 3 blocks recomputed, 0 mismatches, 0 missing; 3 of them by an earlier audit")


@pytest.mark.parametrize(
    "options",
    [
        ("--sample", "0"),
        ("--sample", "1.5"),
        ("--sample", "ten"),
        ("--sample", "1/0"),
        ("--from", 3, "--to", 2),
        ("--from", 4),
        ("--from", 0),
        ("--jobs", 0),
    ],
)
def test_what_chooses_no_block_is_refused(bema, exported, options):
    assert bema("audit", exported[0], *options)[0] == 2


def test_an_interrupted_audit_says_how_to_go_on(bema, exported, tmp_path, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "audit_history", interrupted)
    code, _, err = bema("audit", exported[0])
    assert code == 130
    assert "nothing was kept; with --resume DIR" in err
    code, _, err = bema("audit", exported[0], "--resume", tmp_path / "kept")
    assert code == 130
    assert "the same command goes on from there" in err


def test_a_report_is_written_beside_the_answer(bema, exported, tmp_path):
    directory, digest = exported
    where = tmp_path / "report"
    code, out, err = bema(
        "audit", directory, "--manifest", digest, "--from", 3, "--report", where, "--prepared", "by <me>"
    )
    assert (code, out.startswith("1 of 3 blocks recomputed")) == (0, True)
    assert f"the report is {where / 'audit.html'}" in err
    html, text = (where / "audit.html").read_text(), (where / "audit.md").read_text()
    assert "by &lt;me&gt;" in html
    assert "by &lt;me&gt;" in text
    assert html.index(digest) < html.index("chain id") < html.index('id="verdict"')
    assert json.loads((where / "audit.json").read_text())["audit"]["recomputed"] == 1


def test_a_report_that_cannot_be_written_is_a_users_mistake(bema, exported, tmp_path):
    directory, _ = exported
    (tmp_path / "taken").write_text("")
    code, _, err = bema("audit", directory, "--from", 3, "--report", tmp_path / "taken")
    assert code == 2
    assert "the report cannot be written to" in err
