"""What must hold after every failure is asked by a check that can say no."""

from pathlib import Path

import numpy as np
import pytest
from cheating import lie
from tiny_network import OPEN, TinyNetwork, settle_accounts, tiny_network

from bema_py.bench.promises import _paid_once, broken_promises, unpaid
from bema_py.bench.soak_page import COUNTED, soak_page
from bema_py.chain.events import BondReturned, RewardClaimed, RewardWithdrawn
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.network import read_ledger
from bema_py.roles.replay import replay
from bema_py.roles.sample_miner import commit, find_samples, prepare_batch, reveal


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyNetwork:
    tiny = tiny_network(tmp_path_factory.mktemp("tiny"))
    tiny.play(2)
    settle_accounts(tiny)
    return tiny


def outboxes(tiny: TinyNetwork) -> list[Path]:
    return [party.outbox.path for party in tiny.parties]


def test_a_network_that_kept_its_word(tiny: TinyNetwork) -> None:
    assert broken_promises(tiny.network, outboxes(tiny)) == []
    assert unpaid(tiny.network, [tiny.miner.address]) == []
    (owed,) = unpaid(tiny.network, [tiny.parties[0].signer.address])
    assert " has 0 of " in owed


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (RewardClaimed, "final blocks allot"),
        (RewardWithdrawn, "took out"),
        (BondReturned, "was paid back 2 times"),
    ],
)
def test_a_payment_made_twice(tiny: TinyNetwork, kind: type, words: str) -> None:
    events = tiny.network.events()
    history = replay(events)
    (first, *_) = [event for event in events if isinstance(event, kind)]
    assert list(_paid_once(tiny.network, history, events)) == []
    assert words in " ".join(_paid_once(tiny.network, history, [*events, first]))


def test_a_lost_outbox_a_sample_offered_twice_a_batch_left_out_and_a_false_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = tiny_network(tmp_path)
    tiny.play(1)
    party, history = tiny.parties[0], tiny.network.history()
    # The first block's samples are among the first twenty records.
    unseen = party.data.select(np.arange(20, len(party.data)))
    samples = find_samples(tiny.network, history, read_ledger(tiny.network, history), unseen, 2)
    for _ in range(2):
        commit(
            tiny.network, party.signer, party.outbox, prepare_batch(tiny.network, party.number, samples), OPEN
        )
        assert broken_promises(tiny.network, outboxes(tiny)) == []
        assert "party 1 cannot open its commitment" in str(broken_promises(tiny.network, []))
        tiny.chain.advance(1)
        reveal(tiny.network, party.signer, party.outbox)
    assert broken_promises(tiny.network, []) == ["party 1 offered 2 samples more than once"]

    monkeypatch.setattr("bema_py.roles.block_miner.eligible", lambda *_: ())
    BlockMiner(tiny.network, tiny.miner).mine()
    lie(tiny)
    broken = " ".join(broken_promises(tiny.network, []))
    assert "audit: " in broken
    assert broken.count("no block lists batch") == 2
    tiny.chain.close()


def test_the_page_names_every_figure_and_every_broken_promise() -> None:
    figures = dict.fromkeys(COUNTED, 7) | {
        "nodes": {"miner": 2},
        "minutes": 3.0,
        "seed": 1,
        "command": "python -m bema_py.bench.soak",
        "machine": "a machine",
        "load": {"mean": 1.5, "most": 2.0},
        "poll_seconds": 1.0,
        "failures_survived": {"kill": 9},
        "kills_by_role": {"miner": 9},
        "kills_by_moment": {"at a random moment": 9},
        "memory_mib": {
            "miner1": {"most": 300, "last": 200, "share": 150},
            "chain": {"most": 60, "last": 60, "share": 50},
        },
        "promises_broken": ["party 1 cannot open its commitment"],
    }
    page = soak_page(figures)
    assert "All of it holds" not in page
    assert "- party 1 cannot open its commitment" in page
    for row in ("| blocks per minute | 7 |", "| kill | 9 |", "| miner1 | 300 | 200 | 150 |", "took: 200 MiB"):
        assert row in page
    assert "All of it holds" in soak_page(figures | {"promises_broken": []})
