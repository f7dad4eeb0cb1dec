"""Events: read in order, in ranges, and exported without loss."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from chain_scenarios import World, close_genesis, join, new_world, next_header, word

from bema_py.chain import event_reader
from bema_py.chain.commitments import batch_commitment
from bema_py.chain.connection import Chain, embedded
from bema_py.chain.errors import (
    ChainResponseError,
    HistoryChangedError,
    PlainFormError,
    ResultError,
)
from bema_py.chain.event_forms import event_from_plain, event_to_plain
from bema_py.chain.event_reader import read_events
from bema_py.chain.events import (
    EVENT_TYPES,
    BatchRevealed,
    BlockSubmitted,
    Event,
    decode_log,
    element_of,
)
from bema_py.chain.hashes import EthereumHash
from bema_py.core.hashing import sha256d
from bema_py.core.types import PartyType


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One world for the whole module: nothing here changes what another test reads."""
    with embedded() as chain:
        yield new_world(chain)


@pytest.fixture(scope="module")
def history(world: World) -> list[Event]:
    """A history with every kind of event."""
    close_genesis(world)
    join(world, 2)
    contract, founder = world.contract, world.account(0)
    contract.revoke_approval(founder, 50)
    contract.commit_batch(founder, contract.batch_commitment(1, word(1), word(2), word(3)))
    contract.reveal_batch(founder, word(1), word(2), word(3))
    header = next_header(world, 0, PartyType.ORIGINAL)
    contract.submit_block(founder, header.encode(), word(7), 3)
    return whole(world)


def whole(world: World, **options: Any) -> list[Event]:
    return list(read_events(world.chain, world.contract.address, 0, world.chain.head().number, **options))


def test_every_event_in_order(history: list[Event], world: World) -> None:
    assert [type(each).__name__ for each in history] == [
        "OriginalPartyRegistered",
        "OriginalPartyRegistered",
        "GenesisClosed",
        "RegularPartyRegistered",
        "ApprovalRevoked",
        "BatchCommitted",
        "BatchRevealed",
        "BlockSubmitted",
    ]
    assert [each.position for each in history] == sorted(each.position for each in history)
    for event in history:
        block = world.chain.block(event.position.block_number)
        assert (event.position.time, event.position.block_hash) == (block.timestamp, block.hash)
        assert event.position.transaction_index == 0


@pytest.mark.parametrize("size", [1, 2, 3, 7, 2000])
def test_ranges_change_nothing(history: list[Event], world: World, size: int) -> None:
    assert whole(world, range_size=size) == history


def test_a_part_of_the_history(history: list[Event], world: World) -> None:
    chain, address = world.chain, world.contract.address
    number = history[4].position.block_number
    assert list(read_events(chain, address, number, number)) == [history[4]]
    assert list(read_events(chain, address, number + 1, number)) == []
    assert list(read_events(chain, world.account(0).address, 0, chain.head().number)) == []


def test_other_contracts_do_not_mix_in(history: list[Event], world: World) -> None:
    close_genesis(new_world(world.chain))
    assert whole(world) == history


def test_a_refused_range_is_halved(
    history: list[Event], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = event_reader._logs

    def limited(chain: Chain, address: Any, start: int, end: int) -> Any:
        asked.append(end - start + 1)
        if end - start + 1 > 3:
            raise ChainResponseError(chain.url, "query returned more than 3 blocks")
        return real(chain, address, start, end)

    monkeypatch.setattr(event_reader, "_logs", limited)
    assert whole(world) == history
    assert max(asked[1:]) < asked[0]

    def broken(chain: Chain, *_: object) -> Any:
        raise ChainResponseError(chain.url, "out of order")

    monkeypatch.setattr(event_reader, "_logs", broken)
    with pytest.raises(ChainResponseError, match="out of order"):
        whole(world)


def test_a_block_replaced_while_reading(
    history: list[Event], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(world.chain).block
    other = EthereumHash(b"\x07" * 32)
    monkeypatch.setattr(Chain, "block", lambda self, number: replace(real(self, number), hash=other))
    with pytest.raises(HistoryChangedError, match="read the history again") as caught:
        whole(world)
    assert (caught.value.number, caught.value.found) == (history[0].position.block_number, other)


def test_the_plain_form_is_lossless_through_json(history: list[Event]) -> None:
    for event in history:
        assert event_from_plain(json.loads(json.dumps(event_to_plain(event)))) == event


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda plain: plain.update(more=1), "more is unknown"),
        (lambda plain: plain.pop("position"), "position is missing"),
        (lambda plain: plain.update(event="Nothing"), "'Nothing' is no event"),
        (lambda plain: plain.update(event=3), "3 is no event"),
        (lambda plain: plain.update(fields=[]), "no JSON object"),
        (lambda plain: plain["position"].pop("time"), "time is missing"),
        (lambda plain: plain["position"].update(time="1"), "position.time: '1' is no integer"),
        (lambda plain: plain["position"].update(time=-1), "outside"),
        (lambda plain: plain["fields"].update(party=True), "party: True is no integer"),
        (lambda plain: plain["fields"].update(party=1 << 32), "outside"),
        (lambda plain: plain["fields"].update(account="0x00"), "not 20"),
        (lambda plain: plain["fields"].update(held_classes=31), "31 is no decimal text"),
        (lambda plain: plain["fields"].update(approvals={}), "no list"),
        (lambda plain: plain["fields"]["approvals"][0].pop("nonce"), "nonce is missing"),
        (lambda plain: plain["fields"]["approvals"][0].update(signer=1), "signer is unknown"),
    ],
)
def test_the_plain_form_is_strict(
    history: list[Event], change: Callable[[dict[str, Any]], None], problem: str
) -> None:
    plain = copy.deepcopy(event_to_plain(history[3]))
    change(plain)
    with pytest.raises(PlainFormError, match=problem):
        event_from_plain(plain)


def test_every_event_of_the_interface_has_its_class() -> None:
    for name, kind in EVENT_TYPES.items():
        assert len(element_of(name).inputs) == len(kind.__dataclass_fields__) - 1


def test_logs_that_do_not_fit(history: list[Event], world: World) -> None:
    revealed = next(each for each in history if isinstance(each, BatchRevealed))
    log = world.chain.web3.eth.get_transaction_receipt(revealed.position.transaction_hash)["logs"][0]  # type: ignore[arg-type]
    assert decode_log(log, revealed.position.time) == revealed
    assert decode_log({**log, "topics": []}, 0) is None
    assert decode_log({**log, "topics": [b"\x01" * 32]}, 0) is None
    for broken in ({"topics": log["topics"][:2]}, {"data": b"\x00" * 40}):
        with pytest.raises(ResultError, match="BatchRevealed"):
            decode_log({**log, **broken}, 0)


def test_events_prove_what_they_say(history: list[Event], world: World) -> None:
    revealed = next(each for each in history if isinstance(each, BatchRevealed))
    where = world.chain.chain_id, world.contract.address, revealed.party
    what = revealed.batch_root, revealed.content_digest, revealed.salt
    assert batch_commitment(*where, *what) == revealed.commitment
    submitted = next(each for each in history if isinstance(each, BlockSubmitted))
    assert sha256d(submitted.header) == submitted.block_hash
