"""`bema explain`, `bema history` and `bema prove` on a run directory: words, JSON as documented, and exit codes."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from tiny_network import CLASSES
from told_network import told_network

from bema_py.cli.main import run
from bema_py.core.cid import cid_text, object_cid
from bema_py.core.types import hex0x
from bema_py.roles.content import load_body
from bema_py.roles.run_record import CONTENT, read_run, write_run
from bema_py.roles.stories.account import AccountStory
from bema_py.roles.stories.block import BlockStory
from bema_py.roles.stories.inclusion import InclusionProof
from bema_py.roles.stories.lineage import Lineage
from bema_py.roles.stories.party import PartyStory
from bema_py.roles.stories.sample import SampleStory
from bema_py.storage.directory_store import DirectoryStore

PAGE = Path(__file__).parents[3] / "docs/answers.md"
Bema = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    tiny = told_network(tmp_path_factory.mktemp("chain"), DirectoryStore(directory / CONTENT))
    write_run(directory, tiny.network.deployment, tiny.network.events())
    tiny.chain.close()
    return directory


@pytest.fixture
def bema(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bema:
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return int(end.value.code or 0), captured.out, captured.err

    return call


def used_sample(told: Path) -> str:
    record = read_run(told)
    events = [event for event in record.events if type(event).__name__ == "BlockSubmitted"]
    return next(
        leaf.sample.hex() for event in events for leaf in load_body(record.store, event.body_digest).samples
    )


def account(told: Path) -> str:
    return hex0x(read_run(told).deployment.founders[0].account)


QUESTIONS: tuple[tuple[str, Callable[[Path], list[str]], type], ...] = (
    ("explain block", lambda _: ["explain", "block", "2"], BlockStory),
    ("explain sample", lambda told: ["explain", "sample", used_sample(told)[:16]], SampleStory),
    ("explain party", lambda _: ["explain", "party", "4"], PartyStory),
    ("explain account", lambda told: ["explain", "account", account(told)], AccountStory),
    ("history party", lambda _: ["history", "party", "1", "--steps"], Lineage),
    ("prove sample", lambda told: ["prove", "sample", used_sample(told)], InclusionProof),
)
EACH = pytest.mark.parametrize(("name", "question", "kind"), QUESTIONS, ids=[each[0] for each in QUESTIONS])


@EACH
def test_every_question_is_answered_in_words(
    bema: Bema, told: Path, name: str, question: Callable[[Path], list[str]], kind: type
) -> None:
    code, out, err = bema(*question(told), told)
    assert (code, err) == (0, "")
    assert name.split()[1] in out.lower()
    assert "\x1b" not in out


@EACH
def test_every_answer_has_the_documented_json(
    bema: Bema, told: Path, name: str, question: Callable[[Path], list[str]], kind: type
) -> None:
    code, out, _ = bema(*question(told), told, "--json")
    answer: dict[str, Any] = json.loads(out)
    assert code == 0
    documented = re.search(rf"^\| `{name}` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert documented is not None
    names = re.findall(r"`(\w+)`", documented.group(1))
    assert sorted(names) == sorted(answer)
    assert {field.name for field in fields(kind)} <= set(answer)
    assert not any(isinstance(number, int) and number > 2**53 for number in _numbers(answer))


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [each for part in value.values() for each in _numbers(part)]
    if isinstance(value, list):
        return [each for part in value for each in _numbers(part)]
    return [value]


def test_the_story_of_a_run_ends_with_its_last_event(bema: Bema, told: Path) -> None:
    _, out, _ = bema("explain", "block", "4", told, "--json")
    standing = json.loads(out)["standing"]
    assert standing["as_of"] == read_run(told).events[-1].position.time
    assert standing["status"] == "final"


def test_a_proof_from_a_run_leaves_the_url_to_whoever_asks(bema: Bema, told: Path) -> None:
    code, out, _ = bema("prove", "sample", used_sample(told), told)
    assert code == 0
    assert "Checked here: the preimage, the siblings and the header give this block hash." in out
    assert "ETH_RPC_URL" in out
    (line,) = (line for line in out.splitlines() if line.startswith("cast call"))
    assert "--rpc-url" not in line
    assert "'verifyInclusion(bytes,bytes32,uint32,uint32,bytes32[])(bool)'" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("explain", "block", "12"), "there is no block 12: heights go from 1 to 5"),
        (("explain", "block", "0x0"), "block 0x0 is ambiguous: it fits 7"),
        (("explain", "block", "-"), "block is '-', must be 1 to 64 hexadecimal digits"),
        (("explain", "sample", "00" * 32), "there is no sample 00"),
        (("explain", "party", "9"), "there is no party 9: parties are numbered from 1 to 4"),
        (("explain", "account", "0x12"), "ADDRESS is '0x12', must be 40 hexadecimal digits"),
        (("explain", "account", "0x" + "77" * 20), "is named by none of the contract's"),
        (("history", "party", "9"), "there is no party 9"),
        (("history", "party", "1", "--data", "stars"), "there is no data set 'stars'"),
        (("prove", "sample", "00" * 32), "no block of the chain used a sample 00"),
    ],
)
def test_a_question_about_nothing_is_bad_input(
    bema: Bema, told: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = bema(*arguments[:3], told, *arguments[3:])
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())


def test_data_of_another_shape_is_refused(bema: Bema, told: Path) -> None:
    code, _, err = bema("history", "party", "1", told, "--data", "digits")
    assert code == 2
    assert f"{CLASSES}" in err or "shape" in err


def test_a_directory_without_a_run_is_bad_input(bema: Bema, tmp_path: Path) -> None:
    assert bema("explain", "block", "1", tmp_path / "absent")[0] == 2


def body_file(directory: Path) -> Path:
    """The file of block 2's body."""
    record = read_run(directory)
    events = [event for event in record.events if type(event).__name__ == "BlockSubmitted"]
    name = cid_text(object_cid(next(event.body_digest for event in events if event.height == 2)))
    return next(path for path in (directory / CONTENT).rglob("*") if path.name == name)


@EACH
def test_missing_and_damaged_content_have_their_exit_codes(
    bema: Bema, told: Path, tmp_path: Path, name: str, question: Callable[[Path], list[str]], kind: type
) -> None:
    asked = question(told)
    shutil.copytree(told, tmp_path / "run")
    body = body_file(tmp_path / "run")
    data = body.read_bytes()
    body.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert bema(*asked, tmp_path / "run")[0] == 6
    body.unlink()
    code, out, err = bema(*asked, tmp_path / "run")
    assert code == 5
    assert "is missing" in " ".join((out + err).split())
