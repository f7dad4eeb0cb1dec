"""The event index against a real node that is reorganised, fails and lies, and between processes."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chain_scenarios import ANVIL, EXPIRY, World, anvil, close_genesis, has_anvil, new_world, word
from faulty_node import DroppedError, RefusedError, faulty_node

from bema_py.chain.connection import Chain, connect
from bema_py.chain.deployment_file import save_deployment
from bema_py.chain.errors import ChainResponseError, ChainUnreachableError
from bema_py.chain.event_index import EventIndex, ForeignIndexError, IndexFileError, open_index
from bema_py.chain.event_reader import read_events
from bema_py.chain.events import Event, decode_log
from bema_py.chain.log_ranges import IncompleteLogsError
from bema_py.cli.main import run

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    with anvil() as url:
        yield url


@pytest.fixture
def world(node: str) -> World:
    world = new_world(connect(node))
    close_genesis(world)
    return world


def grow(world: World, count: int = 1) -> None:
    """Two events each, in blocks of their own, and an empty block between."""
    for _ in range(count):
        salt = word(world.chain.head().number)
        founder = world.account(0)
        world.contract.commit_batch(founder, world.contract.batch_commitment(1, word(1), word(2), salt))
        world.chain.advance(1)
        world.contract.reveal_batch(founder, word(1), word(2), salt)


def fresh(world: World) -> list[Event]:
    start = world.deployment.block_number
    return list(read_events(world.chain, world.contract.address, start, world.chain.head().number))


def opened(world: World, directory: Path, chain: Chain | None = None) -> EventIndex:
    first = world.deployment.block_number
    return open_index(directory / "events.sqlite", chain or world.chain, world.contract.address, first)


def test_reads_once_and_then_only_what_is_new(world: World, tmp_path: Path) -> None:
    grow(world, 3)
    with opened(world, tmp_path) as index:
        first = index.update()
        assert (first.added, first.forgotten) == (len(fresh(world)), 0)
        assert index.events() == fresh(world)
        assert index.update().added == 0
        grow(world)
        assert index.update().added == 2
        assert index.events() == fresh(world)
    with opened(world, tmp_path) as again:
        assert again.update().added == 0
        assert again.events() == fresh(world)


@pytest.mark.parametrize("depth", range(1, 9))
def test_follows_a_reorganisation_of_any_depth(world: World, tmp_path: Path, depth: int) -> None:
    with opened(world, tmp_path) as index:
        for _ in range(4):
            grow(world)
            index.update()
        before = index.events()
        world.chain.request("anvil_reorg", [depth, []])
        update = index.update()
        assert index.events() == fresh(world) != before
        assert update.forgotten >= len(before) - len(fresh(world)) > 0
        # A commitment that lost its reveal must expire first.
        world.chain.advance(EXPIRY + 1)
        grow(world)
        index.update()
        assert index.events() == fresh(world)


def test_a_process_decodes_only_what_is_new_and_forgets_what_another_rolled_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(world, 2)
    decoded: list[int] = []

    def counted(log: Any, time: int) -> Event | None:
        decoded.append(log["blockNumber"])
        return decode_log(log, time)

    monkeypatch.setattr("bema_py.chain.known_events.decode_log", counted)
    with opened(world, tmp_path) as index, opened(world, tmp_path) as other:
        index.update()
        before = index.events()
        assert len(decoded) == len(before)
        grow(world)
        other.update()
        assert index.events() == fresh(world)
        assert decoded[len(before) :] == [event.position.block_number for event in fresh(world)[-2:]]
        world.chain.request("anvil_reorg", [4, []])
        other.update()
        decoded.clear()
        assert index.events() == fresh(world)
        assert set(decoded) <= {event.position.block_number for event in fresh(world)[len(before) - 2 :]}


def test_follows_a_chain_that_became_shorter(world: World, tmp_path: Path) -> None:
    grow(world)
    with opened(world, tmp_path) as index:
        index.update()
        kept = world.chain.request("evm_snapshot", [])
        grow(world, 2)
        index.update()
        world.chain.request("evm_revert", [kept])
        assert index.update().forgotten == 4
        assert index.events() == fresh(world)


def disturbed(seed: int) -> Any:
    """A node that in a third of its answers about logs fails in one of many ways."""
    rng = random.Random(seed)

    def fault(method: str, parameters: Any, result: Any) -> Any:
        if method != "eth_getLogs" or rng.random() < 0.65:
            return result
        kind = rng.choice(["truncate", "duplicate", "reorder", "drop", "refuse", "slow"])
        if kind == "drop":
            raise DroppedError
        if kind == "refuse":
            raise RefusedError("query returned more than 10000 results")
        if kind == "slow":
            time.sleep(0.05)
        if kind == "duplicate":
            return result + result[-2:]
        if kind == "reorder":
            return rng.sample(result, len(result))
        return result[: len(result) // 2] if kind == "truncate" else result

    return fault


@pytest.mark.parametrize("seed", range(6))
def test_gets_everything_from_a_node_that_fails_now_and_then(
    world: World, node: str, tmp_path: Path, seed: int
) -> None:
    grow(world, 6)
    with (
        faulty_node(node, disturbed(seed)) as url,
        opened(world, tmp_path, connect(url, timeout=5)) as index,
    ):
        for _ in range(30):
            try:
                index.update()
            except (IncompleteLogsError, ChainResponseError, ChainUnreachableError):
                continue
            break
        assert index.events() == fresh(world)


def test_a_node_that_leaves_logs_out_of_ranges_is_named_and_not_believed(
    world: World, node: str, tmp_path: Path
) -> None:
    grow(world, 2)

    def hide(method: str, parameters: Any, result: Any) -> Any:
        return result[:-1] if method == "eth_getLogs" and "fromBlock" in parameters[0] else result

    with faulty_node(node, hide) as url, opened(world, tmp_path, connect(url)) as index:
        with pytest.raises(IncompleteLogsError):
            index.update()
        assert set(index.events()) <= set(fresh(world))


def test_a_node_whose_headers_do_not_link_is_not_believed(world: World, node: str, tmp_path: Path) -> None:
    grow(world)

    def unlink(method: str, parameters: Any, result: Any) -> Any:
        odd = method == "eth_getBlockByNumber" and parameters[0] != "latest" and int(parameters[0], 16) % 2
        return {**result, "parentHash": "0x" + "11" * 32} if odd and result else result

    with faulty_node(node, unlink) as url, opened(world, tmp_path, connect(url)) as index:
        with pytest.raises(Exception, match="is now"):
            index.update()
        assert index.size() == 0


READER = """
import sys
from pathlib import Path
from bema_py.chain.connection import connect
from bema_py.chain.event_index import open_index
path, url, contract, first = sys.argv[1:]
with open_index(Path(path), connect(url), bytes.fromhex(contract), int(first)) as index:
    index.range_size = 1
    print("open", flush=True)
    while True:
        index.update()
        print(index.size(), flush=True)
        if sys.stdin.readline() == "":
            break
"""


def reader(world: World, node: str, directory: Path) -> subprocess.Popen[str]:
    arguments = [str(directory / "events.sqlite"), node, world.contract.address.hex()]
    return subprocess.Popen(
        [sys.executable, "-c", READER, *arguments, str(world.deployment.block_number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_share_a_file_and_may_be_killed_at_any_moment(
    world: World, node: str, tmp_path: Path
) -> None:
    grow(world, 20)
    rng = random.Random(7)
    with opened(world, tmp_path):
        pass
    for _ in range(4):
        readers = [reader(world, node, tmp_path) for _ in range(2)]
        for each in readers:
            assert each.stdout is not None
            assert each.stdout.readline() == "open\n"
        time.sleep(rng.random() * 0.1)
        for each in readers:
            each.send_signal(signal.SIGKILL)
            each.wait()
            for pipe in (each.stdin, each.stdout):
                assert pipe is not None
                pipe.close()
    last = [reader(world, node, tmp_path) for _ in range(3)]
    for each in last:
        each.communicate(timeout=60)
        assert each.returncode == 0
    with opened(world, tmp_path) as index:
        assert index.update().added == 0
        assert index.events() == fresh(world)


def test_a_chain_started_anew_is_noticed(world: World, tmp_path: Path) -> None:
    with opened(world, tmp_path) as index:
        index.update()
    with anvil() as other, pytest.raises(ForeignIndexError, match="genesis block"):
        opened(world, tmp_path, connect(other))


def test_a_contract_whose_own_block_is_gone_is_noticed(world: World, tmp_path: Path) -> None:
    kept = world.chain.request("evm_snapshot", [])
    later = new_world(world.chain)
    with opened(later, tmp_path) as index:
        index.update()
        world.chain.request("evm_revert", [kept])
        world.chain.request("anvil_reorg", [1, []])
        with pytest.raises(ForeignIndexError, match="a chain with block"):
            index.update()


def test_an_index_of_another_contract_is_refused(world: World, tmp_path: Path) -> None:
    with opened(world, tmp_path):
        pass
    with pytest.raises(ForeignIndexError, match="contract"):
        opened(new_world(world.chain), tmp_path)


def test_what_is_no_index_is_refused_and_left_alone(world: World, tmp_path: Path) -> None:
    (tmp_path / "events.sqlite").write_text(
        "a note, and not a short one: it must be longer than a header of SQLite"
    )
    with pytest.raises(IndexFileError):
        opened(world, tmp_path)
    assert (tmp_path / "events.sqlite").read_text().startswith("a note")


def test_the_command_builds_compares_and_begins_anew(
    world: World,
    node: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def call(*options: str) -> tuple[int, dict[str, Any] | None, str]:
        monkeypatch.setattr(sys, "argv", ["bema", "index", "--json", "--profile", str(profile), *options])
        with pytest.raises(SystemExit) as end:
            run()
        printed = capsys.readouterr()
        return int(end.value.code or 0), json.loads(printed.out) if printed.out else None, printed.err

    save_deployment(world.deployment, tmp_path / "deployment.json")
    profile = tmp_path / "bema.toml"
    profile.write_text(f'[chain]\nurl = "{node}"\n')
    grow(world, 2)
    code, first, _ = call()
    assert code == 0
    assert first is not None
    assert (first["logs"], first["added"]) == (len(fresh(world)), len(fresh(world)))
    code, again, _ = call("--verify")
    assert (code, again and again["added"]) == (0, 0)

    with sqlite3.connect(first["index"]) as database:
        database.execute("delete from logs where block_number = (select max(block_number) from logs)")
    database.close()
    code, _, problem = call("--verify")
    assert code == 3
    assert "differs from the chain" in problem
    code, rebuilt, _ = call("--rebuild", "--verify")
    assert (code, rebuilt and rebuilt["logs"]) == (0, len(fresh(world)))

    profile.write_text(f'[chain]\nurl = "{node}"\nindex = "off"\n')
    assert call()[0] == 2
