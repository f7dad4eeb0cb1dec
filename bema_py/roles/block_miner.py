"""Builds blocks: gathers revealed batches, judges, calibrates, publishes, searches the nonce and submits."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bema_py.chain.errors import ContractRevertError
from bema_py.chain.signers import Signer
from bema_py.core.errors import BemaError
from bema_py.core.header import BlockHeader, miner_info_hash
from bema_py.core.nonce import search_nonce
from bema_py.core.types import BlockHash, Commitment
from bema_py.learning.progress import Progress
from bema_py.roles.assembly import AssembledBlock, ListedBatch, assemble, block_context
from bema_py.roles.batches import eligible, load_listed
from bema_py.roles.content import publish_model
from bema_py.roles.hearing import (
    Parties,
    StatementSource,
    check_heard,
    counting_statements,
    no_statements,
)
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import ChainFollower, Network, parent_models
from bema_py.roles.recollection import recalled_samples


class StaleBlockError(BemaError):
    """Another miner's block came first; the work starts again on the new tip."""

    exit_code = 4

    def __init__(self, height: int) -> None:
        super().__init__(f"another block of height {height} was accepted first")
        self.height = height


@dataclass(frozen=True)
class Draft:
    """A block before its work: the history it was laid out on, its content, and what was left out and why."""

    history: History
    assembled: AssembledBlock
    left_out: dict[Commitment, str]


@dataclass(frozen=True)
class MinedBlock:
    """A block that the contract accepted, and the revealed batches that were left out with the reason."""

    header: BlockHeader
    assembled: AssembledBlock
    left_out: dict[Commitment, str]


@dataclass
class BlockMiner:
    """A miner's state between blocks: its account, what it has verified and what it mined.

    A batch counts once `confirmations` Ethereum blocks lie on its reveal, so that a reorganisation of the chain cannot
    take it away again under a block that lists it. Where the rules have a data witness, a regular party's batch waits
    until `statements` gives what enough founders state about it.
    """

    network: Network
    signer: Signer
    confirmations: int = 1
    statements: StatementSource = no_statements
    follower: ChainFollower = field(init=False)
    own: set[BlockHash] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Start following from genesis."""
        self.follower = ChainFollower(self.network)

    def mine(
        self,
        *,
        on_sample: Progress | None = None,
        on_hashes: Callable[[int], None] | None = None,
        first_nonce: int = 0,
    ) -> MinedBlock:
        """Mine and submit one block on the tip."""
        draft = self.draft(on_sample)
        return self.seal(draft, on_hashes, first_nonce)

    def draft(self, on_sample: Progress | None = None) -> Draft:
        """Verify the tip, gather the revealed batches and lay out the next block."""
        history = self.network.history()
        ledger = self.follower.catch_up(history, self.own)
        listed, left_out = self._gather(history, ledger)
        account = self.signer.address
        context = block_context(
            history,
            ledger,
            self.network.rules,
            self.network.deployment.parameters.max_reward_per_block,
            parent_models(self.network, history, ledger),
            recalled_samples(self.network.store, history, ledger, self.network.rules),
            account,
            history.party_type_of(account),
        )
        return Draft(history, assemble(context, listed, on_sample), left_out)

    def seal(
        self, draft: Draft, on_hashes: Callable[[int], None] | None = None, first_nonce: int = 0
    ) -> MinedBlock:
        """Publish a block's content, do its work and submit it together with the bond."""
        self._publish(draft.assembled)
        header = self._search(draft, on_hashes, first_nonce)
        self._submit(header, draft.assembled)
        self.own.add(header.hash())
        return MinedBlock(header, draft.assembled, draft.left_out)

    def _gather(self, history: History, ledger: Ledger) -> tuple[list[ListedBatch], dict[Commitment, str]]:
        """Fetch the confirmed batches; one that is missing or void is left out."""
        chain = self.network.contract.chain
        authors = {party.party: party for party in history.authors_at(ledger.height + 1)}
        confirmed = chain.block_time(max(chain.head().number - self.confirmations + 1, 0))
        listed, left_out = [], {}
        for batch in eligible(history.batches, authors, ledger.listed, confirmed):
            try:
                listed.append(
                    self._heard(authors, load_listed(self.network.store, batch, self.network.rules))
                )
            except BemaError as error:
                left_out[batch.commitment] = str(error)
        return listed, left_out

    def _heard(self, authors: Parties, entry: ListedBatch) -> ListedBatch:
        """Add what founders state about a batch; raises UnheardError where the rules demand more."""
        witness = self.network.rules.witness
        if witness is None:
            return entry
        commitment = entry.on_chain.commitment
        given = self.statements(commitment)
        counting = counting_statements(self.network.deployment, authors, commitment, entry.batch, given)
        check_heard(authors, commitment, entry.batch, counting, witness)
        return replace(entry, statements=counting)

    def _publish(self, assembled: AssembledBlock) -> None:
        """Store what the block changes before anchoring it, so that it can be checked from its first second."""
        for update in assembled.body.updates:
            publish_model(self.network.store, assembled.calibration.models[update.party])
        if assembled.statements.statements:
            self.network.store.put_object(assembled.statements.to_bytes())
        self.network.store.put_object(assembled.body.to_bytes())

    def _search(self, draft: Draft, on_hashes: Callable[[int], None] | None, first_nonce: int) -> BlockHeader:
        assembled, history = draft.assembled, draft.history
        account = self.signer.address
        unsealed = BlockHeader(
            parent=assembled.body.parent,
            merkle_root=assembled.body.root(),
            miner_info=miner_info_hash(account, history.party_type_of(account)),
            timestamp=self.network.contract.chain.head().timestamp,
            nonce=0,
        )
        # Targets only grow while no block comes, so this one still holds when the block is submitted.
        rule = self.network.deployment.parameters.target_rule
        target = history.target_of(rule, assembled.body.height, unsealed.timestamp)
        return search_nonce(unsealed, target, start=first_nonce, progress=on_hashes)

    def _submit(self, header: BlockHeader, assembled: AssembledBlock) -> None:
        body = assembled.body
        try:
            self.network.contract.submit_block(
                self.signer,
                header.encode(),
                body.digest(),
                len(body.leaves()),
                bond=self.network.deployment.parameters.bond,
            )
        except ContractRevertError as error:
            if error.name == "ParentNotTip":
                raise StaleBlockError(body.height) from error
            raise
