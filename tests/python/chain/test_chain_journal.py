"""The journal: what was answered is still there after any interruption."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chain_scenarios import LOW, card, close_genesis, new_world

from bema_py.chain import journal as journal_module
from bema_py.chain.connection import Head, embedded
from bema_py.chain.deployment import open_contract
from bema_py.chain.errors import (
    ChainResponseError,
    JournalAccessError,
    JournalBusyError,
    JournalDivergedError,
    JournalError,
)
from bema_py.chain.event_reader import read_events

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "chain.jsonl"


def written(path: Path) -> list[Head]:
    """Write a short history and give its blocks."""
    with embedded(path) as chain:
        close_genesis(new_world(chain))
        chain.advance(2)
        return [chain.block(number) for number in range(chain.head().number + 1)]


def edit(path: Path, line: int, change: Edit) -> None:
    lines = path.read_text().splitlines(keepends=True)
    entry = json.loads(lines[line - 1])
    change(entry)
    lines[line - 1] = json.dumps(entry) + "\n"
    path.write_text("".join(lines))


def test_a_reopened_chain_is_the_same_block_for_block(path: Path) -> None:
    blocks = written(path)
    with embedded(path) as chain:
        assert [chain.block(number) for number in range(chain.head().number + 1)] == blocks


def test_it_goes_on_where_it_stopped(path: Path) -> None:
    with embedded(path) as chain:
        world = new_world(chain)
        world.contract.register_original_party(world.account(0), card(1), LOW)
    with embedded(path) as chain:
        contract = open_contract(chain, world.deployment)
        assert contract.party_of(world.account(0).address) == 1
        close = type(world)(chain, world.deployment, contract)
        contract.register_original_party(close.account(1), card(2), 0b1111100000)
    with embedded(path) as chain, embedded() as uninterrupted:
        close_genesis(new_world(uninterrupted))
        assert chain.head() == uninterrupted.head()
        contract = open_contract(chain, world.deployment)
        assert len(list(read_events(chain, contract.address, 0, chain.head().number))) == 3


def test_a_torn_last_line_is_dropped(path: Path) -> None:
    blocks = written(path)
    whole = path.read_bytes()
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in (start, start + 1, len(whole) - 1):
        path.write_bytes(whole[:length])
        with embedded(path) as chain:
            assert chain.head() == blocks[-3]
        assert path.read_bytes() == whole[:start]


def test_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"version":1,"gen')
    with embedded(path) as chain:
        assert chain.head().number == 0
    assert len(path.read_bytes().splitlines()) == 1


def test_a_killed_process_loses_nothing_it_was_told(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bema_py.chain.connection import embedded\n"
        "chain = embedded(Path(sys.argv[1]))\n"
        "while True: print(chain.advance(1).hash.hex(), flush=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(20)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.read().split()
    process.wait(timeout=10)
    with embedded(path) as chain:
        kept = [chain.block(number).hash.hex() for number in range(1, chain.head().number + 1)]
    whole = [each for each in told if len(each) == 64]
    assert kept[: len(whole)] == whole
    assert len(kept) <= len(whole) + 1


def test_an_interrupt_inside_a_transaction(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with embedded(path) as chain:
        chain.advance(1)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(journal_module.Journal, "append", interrupted)
            chain.request("hardhat_mine", ["0x1"])
        with pytest.raises(ChainResponseError, match="interrupted: open the chain again"):
            chain.request("hardhat_mine", ["0x1"])
    with embedded(path) as chain:
        assert chain.head().number == 1
        assert chain.advance(1).number == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda entry: entry.update(hash="0x" + "00" * 32), "hash"),
        (lambda entry: entry.update(time=5), "time"),
        (lambda entry: entry.update(block=1), "block"),
        (lambda entry: entry.pop("result"), "result"),
        (lambda entry: entry["params"][0].update(gas=400_000), "result"),
    ],
)
def test_a_changed_line_is_named(path: Path, change: Edit, field: str) -> None:
    written(path)
    edit(path, 3, change)
    with pytest.raises(JournalDivergedError, match=f"line 3: the journal records {field}") as caught:
        embedded(path)
    assert (caught.value.line, caught.value.field) == (3, field)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.pop("method"),
        lambda entry: entry.update(params=7),
        lambda entry: entry["params"][0].update({"from": "0x" + "11" * 20}),
        lambda entry: entry["params"][0].update(nonce=99),
    ],
)
def test_a_line_that_cannot_be_replayed_is_named(path: Path, change: Edit) -> None:
    written(path)
    edit(path, 4, change)
    with pytest.raises(JournalError, match="line 4: cannot be replayed"):
        embedded(path)


def test_a_line_that_is_no_json(path: Path) -> None:
    written(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{oh\n", *lines[2:]]))
    with pytest.raises(JournalError, match="line 3: no JSON"):
        embedded(path)
    path.write_bytes(b"".join([*lines[:2], b"[]\n"]))
    with pytest.raises(JournalError, match="line 3: no JSON object"):
        embedded(path)


def test_a_journal_of_another_chain_or_version(path: Path) -> None:
    written(path)
    edit(path, 1, lambda entry: entry.update(genesis="0x00"))
    with pytest.raises(JournalDivergedError, match="line 1: the journal records genesis 0x00"):
        embedded(path)
    edit(path, 1, lambda entry: entry.update(version=2))
    with pytest.raises(JournalError, match="line 1: version 2"):
        embedded(path)


def test_a_failed_opening_leaves_the_journal_free(path: Path) -> None:
    written(path)
    edit(path, 3, lambda entry: entry.update(time=5))
    for _ in range(2):
        with pytest.raises(JournalDivergedError):
            embedded(path)


def test_only_one_process_writes(path: Path) -> None:
    with embedded(path), pytest.raises(JournalBusyError, match="in use by another process"):
        embedded(path)
    embedded(path).close()


def test_read_only_writes_nothing_and_needs_no_lock(path: Path) -> None:
    blocks = written(path)
    path.write_bytes(path.read_bytes() + b'{"torn')
    before = path.read_bytes()
    with embedded(path) as writer, embedded(path, read_only=True) as reader:
        assert reader.head() == writer.head() == blocks[-1]
    path.write_bytes(before)
    with embedded(path, read_only=True) as reader:
        with pytest.raises(ChainResponseError, match="opened only for reading"):
            reader.request("hardhat_mine", ["0x1"])
        assert reader.head() == blocks[-1]
    assert path.read_bytes() == before


def test_read_only_needs_a_journal(path: Path) -> None:
    with pytest.raises(JournalAccessError, match="No such file") as caught:
        embedded(path, read_only=True)
    assert caught.value.exit_code == 3
    assert not path.exists()


def test_a_place_where_no_journal_can_be(path: Path) -> None:
    path.mkdir(parents=True)
    for read_only in (False, True):
        with pytest.raises(JournalAccessError, match="Is a directory"):
            embedded(path, read_only=read_only)
    with pytest.raises(JournalAccessError, match="File exists"):
        embedded(Path("/dev/null/chain.jsonl"))


def test_a_full_disk_is_named_and_nothing_is_half_done(path: Path) -> None:
    with embedded(path) as chain:
        chain.advance(1)
        whole = path.read_bytes()
        full = Path("/dev/full").open("ab")  # noqa: SIM115  # the journal closes it
        journal = chain.web3.provider._journal  # type: ignore[attr-defined]
        journal._file.close()
        journal._file = full
        with pytest.raises(JournalAccessError, match="No space left on device"):
            chain.request("hardhat_mine", ["0x1"])
        with contextlib.suppress(OSError):
            full.close()
    assert path.read_bytes() == whole
