"""Headers: the contract takes a block, or names the first rule it breaks, exactly as the Python twin does."""

import pytest
from chain_scenarios import TARGET, World, next_header, word
from hypothesis import given
from hypothesis import strategies as st
from questions import FEW, NONE, WORDS, Answer, another, ask, next_time, refused, twin_of

from bema_py.core.header import BlockHeader, HeaderLengthError, miner_info_hash
from bema_py.core.nonce import search_nonce
from bema_py.core.types import BlockHash, Digest, PartyType

BOND = 1000
FOUNDER, STRANGER = 0, 5


@pytest.fixture(scope="module")
def accepted(world: World) -> list[bytes]:
    """Headers that the contract has taken; tests add to them."""
    headers = []
    for _ in range(3):
        headers.append(next_header(world, STRANGER, PartyType.NEITHER).encode())
        world.contract.submit_block(world.account(STRANGER), headers[-1], word(7), 3, bond=BOND)
    return headers


FAULTS = (NONE, "bond", "length", "body", "count", "repeated", "parent", "early", "late", "miner", "work")


@pytest.mark.parametrize("fault", FAULTS)
@FEW
@given(also=another(FAULTS), sender=st.sampled_from((FOUNDER, STRANGER)), data=st.data())
def test_submission(
    world: World, accepted: list[bytes], fault: str, also: str, sender: int, data: st.DataObject
) -> None:
    faults = {fault, also}
    raw = data.draw(headers(world, sender, faults))
    if "repeated" in faults:
        raw = accepted[data.draw(st.integers(0, 2))]
    if "length" in faults:
        raw = data.draw(st.one_of(st.just(raw[:-1]), st.just(raw + b"\0"), st.binary(max_size=130)))
    body = word(0) if "body" in faults else data.draw(WORDS.filter(any))
    count = 0 if "count" in faults else data.draw(st.integers(1, 2**32 - 1))
    bond = data.draw(st.sampled_from((0, BOND - 1, BOND + 1))) if "bond" in faults else BOND
    expected = python_answer(world, accepted, sender, raw, body, count, bond)
    signer = world.account(sender)
    assert ask(world, signer, "submitBlock", (raw, body, count), value=bond) == expected
    if expected == ():
        done = world.contract.submit_block(signer, raw, body, count, bond=bond)
        assert (done.event.header, done.event.block_hash) == (raw, BlockHeader.decode(raw).hash())
        assert (done.event.target, done.event.leaf_count) == (TARGET, count)
        accepted.append(raw)


@st.composite
def headers(draw: st.DrawFn, world: World, sender: int, faults: set[str]) -> bytes:
    """A header on the tip with its work done, but for the faults."""
    tip, now = world.contract.tip(), next_time(world)
    time = tip.submitted_at + draw(st.integers(0, 1000)) % (now - tip.submitted_at + 1)
    time = tip.submitted_at - draw(st.integers(1, 100)) if "early" in faults else time
    time = now + draw(st.integers(1, 2**62)) if "late" in faults else time
    named = STRANGER if sender == FOUNDER else FOUNDER
    header = BlockHeader(
        parent=BlockHash(draw(WORDS)) if "parent" in faults else tip.block_hash,
        merkle_root=draw(WORDS),
        miner_info=miner_of(world, named if "miner" in faults else sender),
        timestamp=time,
        nonce=draw(st.integers(0, 2**63)),
    )
    return (header if "work" in faults else search_nonce(header, TARGET, start=header.nonce)).encode()


def miner_of(world: World, account: int) -> Digest:
    kind = PartyType.ORIGINAL if account == FOUNDER else PartyType.NEITHER
    return miner_info_hash(world.account(account).address, kind)


def python_answer(
    world: World, accepted: list[bytes], sender: int, raw: bytes, body: Digest, count: int, bond: int
) -> Answer:
    """The checks of `submitBlock` in the order that its interface states."""
    if bond != BOND:
        return refused("BondMismatch", given=bond, required=BOND)
    try:
        header = BlockHeader.decode(raw)
    except HeaderLengthError as error:
        return twin_of(error)
    if not any(body):
        return refused("ZeroBodyDigest")
    if count < 1:
        return refused("LeafCountOutOfRange", leafCount=count, minimum=1)
    if raw in accepted:
        return refused("BlockAlreadyAccepted", blockHash=header.hash())
    return header_answer(world, sender, header)


def header_answer(world: World, sender: int, header: BlockHeader) -> Answer:
    tip, time = world.contract.tip(), next_time(world)
    if header.parent != tip.block_hash:
        return refused("ParentNotTip", parent=header.parent, tip=tip.block_hash)
    if not tip.submitted_at <= header.timestamp <= time:
        bounds = {"earliest": tip.submitted_at, "latest": time}
        return refused("TimestampOutOfRange", timestamp=header.timestamp, **bounds)
    required = miner_of(world, sender)
    if header.miner_info != required:
        return refused("MinerInfoMismatch", given=header.miner_info, required=required)
    if int.from_bytes(header.hash(), "big") >= TARGET:
        return refused("WorkTooLow", blockHash=header.hash(), target=TARGET)
    return ()
