"""An honest history, played step by step: nothing in what remains of it is false."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from unittest.mock import patch

from tiny_network import FOUNDERS, OPEN, WINDOW, TinyParty, admit

from auditing.honest_setup import Stage, begin, draw, newcomer, prepare
from bema_py.chain.dispute_calls import LeafProof, ProvenLeaf
from bema_py.chain.errors import ContractRevertError
from bema_py.chain.signers import NodeSigner
from bema_py.core.errors import PolicyError
from bema_py.core.merkle import merkle_proof
from bema_py.core.types import PartyId
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.failures import FailureRecord
from bema_py.roles.network import ChainFollower
from bema_py.roles.original_party import carry, reject, suspend, suspend_failing
from bema_py.roles.payment import claim, withdraw_bonds
from bema_py.roles.sample_miner import commit, prepare_batch, samples_at

EXPIRY = 50
"""Ethereum blocks after which the tiny network's commitments expire."""


@dataclass
class Play:
    """One history while it is played; `done` counts what happened."""

    stage: Stage
    random: Random
    directory: Path
    done: dict[str, int] = field(default_factory=dict)

    def step(self) -> None:
        """Do one thing of those that are possible now."""
        names = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
        name = self.random.choice(names)
        if ACTIONS[name](self):
            self.done[name] = self.done.get(name, 0) + 1

    def miner(self) -> BlockMiner:
        """Some miner: a stranger, a former one, or a party."""
        tiny = self.stage.tiny
        signer = self.random.choice([tiny.miner, tiny.stranger, *(each.signer for each in tiny.parties)])
        if signer.address not in self.stage.miners:
            self.stage.miners[signer.address] = BlockMiner(
                tiny.network, signer, statements=self.stage.statements()
            )
        return self.stage.miners[signer.address]

    def voters(self) -> list[TinyParty]:
        """As many founders as a quorum takes, none of them suspended."""
        history = self.stage.tiny.network.history()
        founders = self.stage.tiny.parties[: self.stage.setup.founders]
        return [each for each in founders if not history.suspended(PartyId(each.number))][:FOUNDERS]

    def vote_off(self, block_hash: bytes, reason: str) -> None:
        """Let a quorum reject a block."""
        tiny = self.stage.tiny
        votes = [reject(tiny.network, each.signer, block_hash, reason) for each in self.voters()]  # type: ignore[arg-type]
        carry(tiny.network, tiny.stranger, votes)

    def now(self) -> int:
        """Chain time in seconds."""
        return self.stage.tiny.chain.head().timestamp


def block(play: Play) -> bool:
    """Some authors offer samples, somebody mines."""
    for party in play.stage.tiny.authors():
        if play.random.random() < 0.6 and party.outbox.pending is None:
            play.stage.tiny.offer(party, play.random.randint(1, 6))
    play.stage.tiny.chain.advance(1)
    play.miner().mine()
    return True


def empty_block(play: Play) -> bool:
    """Somebody mines what is there, often nothing."""
    play.miner().mine()
    return True


def left_out_batches(play: Play) -> bool:
    """A miner lists no batch, which is no offence."""
    miner = play.miner()
    with patch("bema_py.roles.block_miner.eligible", return_value=()):
        miner.mine()
    return True


def rollback(play: Play) -> bool:
    """Founders reject a block of the chain, and its descendants leave with it."""
    blocks = play.stage.tiny.network.history().blocks
    open_ones = [each for each in blocks if play.now() + 2 < each.position.time + WINDOW]
    if not open_ones:
        return False
    play.vote_off(play.random.choice(open_ones[-4:]).block_hash, "on a whim")
    return True


def false_block(play: Play) -> bool:
    """Somebody mines a false block; founders reject it, or a proof does."""
    tiny = play.stage.tiny
    worker = play.miner()
    draft = worker.draft()
    body = draft.assembled.body
    record = replace(body.record, height=body.height + 9)
    mined = worker.seal(replace(draft, assembled=replace(draft.assembled, body=replace(body, record=record))))
    event, leaves = tiny.network.history().blocks[-1], mined.assembled.body.leaves()
    if play.random.random() < 0.5:
        play.vote_off(event.block_hash, "another height")
    else:
        proof = LeafProof(0, record.preimage(), merkle_proof(leaves, 0))
        tiny.network.contract.reject_false_leaf(
            tiny.stranger, ProvenLeaf(event.header, event.leaf_count, proof)
        )
    worker.own.discard(event.block_hash)
    return True


def suspension(play: Play) -> bool:
    """Founders suspend somebody, so long as enough of them remain."""
    tiny, founders = play.stage.tiny, play.stage.setup.founders
    remaining = sum(1 for each in tiny.authors() if each.number <= founders)
    subjects = [each for each in tiny.authors() if each.number > founders or remaining > FOUNDERS]
    if not subjects:
        return False
    subject = play.random.choice(subjects)
    voters = [each for each in tiny.parties[:founders] if each in tiny.authors()]
    votes = [
        suspend(tiny.network, each.signer, subject.signer.address, "no longer with us", 2**40)
        for each in voters[:FOUNDERS]
    ]
    carry(tiny.network, tiny.stranger, votes)
    return True


def failing_suspended(play: Play) -> bool:
    """Founders suspend an author that failed the data witness too often."""
    network = play.stage.tiny.network
    if network.rules.witness is None:
        return False
    record, history = FailureRecord(network.rules.witness), network.history()
    ChainFollower(network).catch_up(
        history, on_block=lambda result: record.take(result.event, result.counted)
    )
    failed = [party for party in record.tip.failed if party > play.stage.setup.founders]
    subjects = [party for party in failed if not history.suspended(party)]
    if not subjects:
        return False
    votes = [
        suspend_failing(network, each.signer, subjects[0], history, record.tip, 2**40)
        for each in play.voters()
    ]
    carry(network, play.stage.tiny.stranger, votes)
    return True


def expired_commitment(play: Play) -> bool:
    """An author commits and lets the commitment expire."""
    tiny = play.stage.tiny
    authors = [each for each in tiny.authors() if each.outbox.pending is None]
    if not authors:
        return False
    party = play.random.choice(authors)
    start = play.random.randrange(300)
    samples = samples_at(party.data, range(start % (len(party.data) - 3), start % (len(party.data) - 3) + 3))
    commit(
        tiny.network,
        party.signer,
        party.outbox,
        prepare_batch(tiny.network, PartyId(party.number), samples, tiny.salt),
        OPEN,
    )
    tiny.chain.advance(EXPIRY + 1)
    party.outbox.release()
    return True


def joining(play: Play) -> bool:
    """A party joins in mid history, approved by founders of whom none is suspended."""
    tiny, setup = play.stage.tiny, play.stage.setup
    first = {each.number for each in play.voters()}
    if len(tiny.parties) == setup.parties or first != set(range(1, FOUNDERS + 1)):
        return False
    party = newcomer(play.stage, play.directory)
    tiny.parties.append(party)
    admit(tiny, party)
    prepare(play.stage, party.number)
    return True


def funding(play: Play) -> bool:
    """Somebody pays into the pool."""
    tiny = play.stage.tiny
    tiny.network.contract.fund(play.random.choice([tiny.miner, tiny.stranger]), play.random.randint(1, 9000))
    return True


def revoked_approval(play: Play) -> bool:
    """A founder revokes an approval that nobody used."""
    founder = play.voters()[0]
    play.stage.tiny.network.contract.revoke_approval(founder.signer, 1000 + play.random.randrange(2**30))
    return True


def payday(play: Play) -> bool:
    """After the window everybody takes back its bonds, claims and takes out what it can."""
    tiny = play.stage.tiny
    tiny.chain.advance(play.random.choice((0, WINDOW + 1)))
    for signer in (tiny.miner, tiny.stranger, *(each.signer for each in tiny.parties)):
        withdraw_bonds(tiny.network, tiny.network.history(), signer)
        if play.random.random() < 0.7:
            _claim(play, signer)
    return True


def _claim(play: Play, signer: NodeSigner) -> None:
    network = play.stage.tiny.network
    try:
        claim(network, network.history(), signer)
        if play.random.random() < 0.7:
            network.contract.withdraw(signer, play.stage.tiny.stranger.address)
    except (PolicyError, ContractRevertError):
        return  # nothing is due


def waiting(play: Play) -> bool:
    """Time passes, perhaps so much that the target eases."""
    play.stage.tiny.chain.advance(play.random.choice((1, 30, 150)))
    return True


ACTIONS: dict[str, Callable[[Play], bool]] = {
    each.__name__: each
    for each in (
        block,
        empty_block,
        left_out_batches,
        rollback,
        false_block,
        suspension,
        failing_suspended,
        expired_commitment,
        joining,
        funding,
        revoked_approval,
        payday,
        waiting,
    )
}
WEIGHTS = dict.fromkeys(ACTIONS, 1) | {"block": 9, "empty_block": 2}


def played(seed: int, directory: Path, steps: Sequence[int] = (5, 11)) -> Play:
    """Play the history of a seed; the caller closes its chain."""
    random = Random(1_000_000 + seed)
    play = Play(begin(draw(seed), directory), random, directory)
    block(play)
    for _ in range(random.randint(*steps)):
        play.step()
    return play
