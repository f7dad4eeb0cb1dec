"""The life of a long history, height by height: offers, blocks, false blocks, rollbacks, suspensions, payments."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bema_py.bench.long_cast import LongCast, LongPlayer, fresh_records
from bema_py.bench.long_founding import FOREVER, MOST, QUORUM, admit
from bema_py.core.errors import PolicyError
from bema_py.core.leaves import RewardLeaf
from bema_py.core.types import BlockHash
from bema_py.learning.model import Model
from bema_py.roles.assembly import AssembledBlock
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import LedgerKeeper, Network, TipRefusedError
from bema_py.roles.original_party import carry, reject, suspend
from bema_py.roles.payment import claim, withdraw_bonds
from bema_py.roles.sample_miner import (
    PublicationPolicy,
    commit,
    find_samples,
    prepare_batch,
    reveal,
    samples_at,
    settle,
)

POLICY = PublicationPolicy(True, "scikit-learn's digits", 1_000_000)
AT_FIRST, JOIN_EVERY = 30, 3
OFFERS, LOOKED_THROUGH, OFFERED = 3, 40, 4
CARELESS = 7
"""Every so many offers a party sends records that it did not look through."""
FALSE_EVERY, ROLLBACK_EVERY, DEPTH, SUSPEND_EVERY, PAY_EVERY = 40, 100, 3, 90, 25
PAUSE = 12
"""Seconds of chain time between two blocks, beside those that transactions take."""


@dataclass
class LongRounds:
    """The network and its people between blocks; everything done is read from the chain, so any round can be resumed.

    The honest miners share what they mined and verify what others did.
    """

    network: Network
    cast: LongCast
    models: Mapping[int, Model]
    seed: int
    miners: list[BlockMiner] = field(init=False)
    ledger: LedgerKeeper = field(init=False)

    def __post_init__(self) -> None:
        """Take the blocks of the honest miners that an interrupted run left for verified."""
        accounts = {signer.address for signer in self.cast.miners}
        own: set[BlockHash] = {
            block.block_hash for block in self.network.history().blocks if block.miner in accounts
        }
        self.miners = [BlockMiner(self.network, signer, own=own) for signer in self.cast.miners]
        self.ledger = LedgerKeeper(self.network)

    def play(self, height: int) -> None:
        """Play what belongs to a height up to its block, and what follows on it."""
        self._join(height)
        self._offer(height)
        self._pass_time()
        if height % FALSE_EVERY == FALSE_EVERY // 2:
            self._dispute(height)
        self.miners[height % len(self.miners)].mine()
        if height % ROLLBACK_EVERY == 60:
            self._roll_back(height)
        if height % SUSPEND_EVERY == SUSPEND_EVERY - 10:
            self._suspend(self.cast.players[9 + height // SUSPEND_EVERY])
        if height % PAY_EVERY == 0:
            self._pay(height)

    def _join(self, height: int) -> None:
        history = self.network.history()
        for player in self.cast.players[: AT_FIRST + height // JOIN_EVERY]:
            if history.party_of(player.signer.address) is None:
                admit(self.network, self.cast, player, self.models)

    def _offer(self, height: int) -> None:
        history = self.network.history()
        ledger = self.ledger.read(history)
        authors = {party.account for party in history.authors_at(height)}
        there = [player for player in self.cast.players if player.signer.address in authors]
        turn = [there[(OFFERS * height + place) % len(there)] for place in range(OFFERS)]
        for place, player in enumerate(turn):
            if settle(self.network, history, player.signer, player.outbox):
                self._commit(player, history, ledger, OFFERS * height + place)
        self.network.contract.chain.advance(1)
        for player in turn:
            if player.outbox.pending is not None:
                reveal(self.network, player.signer, player.outbox)

    def _commit(self, player: LongPlayer, history: History, ledger: Ledger, turn: int) -> None:
        scan = fresh_records(player.share.private, LOOKED_THROUGH, (self.seed, turn, player.number))
        if turn % CARELESS == 0:
            samples = samples_at(scan, range(OFFERED))
        else:
            samples = find_samples(self.network, history, ledger, scan, OFFERED)
        party = history.party_of(player.signer.address)
        if samples and party is not None:
            pending = prepare_batch(self.network, party.party, samples)
            commit(self.network, player.signer, player.outbox, pending, POLICY)

    def _pass_time(self) -> None:
        chain = self.network.contract.chain
        chain.request("evm_increaseTime", [hex(PAUSE)])
        chain.advance(1)

    def _dispute(self, height: int) -> None:
        """Let the cheat mine a block that allots itself too much, and the founders vote it off, once a height."""
        cheat, history = self.cast.cheat, self.network.history()
        if any((each.event.miner, each.event.height) == (cheat.address, height) for each in history.orphans):
            return
        if len(history.blocks) < height:
            worker = BlockMiner(self.network, cheat, own=self.miners[0].own)
            draft = worker.draft()
            sealed = worker.seal(replace(draft, assembled=_greedy(draft.assembled))).header.hash()
            self.miners[0].own.discard(sealed)
        try:
            self.miners[0].follower.catch_up(self.network.history(), self.miners[0].own)
        except TipRefusedError as error:
            self._reject(error.block_hash, error.reason)
            return
        raise AssertionError("the cheat's block is false")

    def _roll_back(self, height: int) -> None:
        """Let the founders take honest blocks off the chain, once a height: the others must cope with that too."""
        history, lowest = self.network.history(), height - DEPTH + 1
        cheat = self.cast.cheat.address
        if not any(
            each.rejected and each.event.height == lowest and each.event.miner != cheat
            for each in history.orphans
        ):
            self._reject(history.blocks[lowest - 1].block_hash, "a member asked for a second look")

    def _reject(self, block_hash: BlockHash, reason: str) -> None:
        votes = [
            reject(self.network, founder.signer, block_hash, reason)
            for founder in self.cast.founders[:QUORUM]
        ]
        carry(self.network, self.cast.deployer, votes)

    def _suspend(self, player: LongPlayer) -> None:
        history = self.network.history()
        party = history.party_of(player.signer.address)
        if party is None or history.suspended(party.party):
            return
        votes = [
            suspend(self.network, founder.signer, player.signer.address, "it left the consortium", FOREVER)
            for founder in self.cast.founders[:QUORUM]
        ]
        carry(self.network, self.cast.deployer, votes)

    def _pay(self, height: int) -> None:
        """Let the miners take bonds back, and a miner and a party claim and take out what they earned."""
        for signer in self.cast.miners:
            withdraw_bonds(self.network, self.network.history(), signer)
        player = self.cast.players[height // PAY_EVERY % len(self.cast.players)]
        for signer in (self.cast.miners[height % 2], player.signer):
            try:
                claim(self.network, self.network.history(), signer)
            except PolicyError:
                continue
            figures = self.network.contract.rewards_of(signer.address)
            if figures.withdrawn < figures.claimed:
                self.network.contract.withdraw(signer, signer.address)


def _greedy(block: AssembledBlock) -> AssembledBlock:
    """Let the miner's own reward leaf state more than a block may allot."""
    miner = block.body.record.miner
    others = [leaf for leaf in block.body.rewards if leaf.account != miner]
    leaves = sorted([*others, RewardLeaf(miner, MOST)], key=lambda leaf: leaf.account)
    return replace(block, body=replace(block.body, rewards=tuple(leaves)))
