"""What the contract can see to be false in a block, seen again from its body."""

from bema_py.chain.events import BlockSubmitted, EventPosition, Fraud
from bema_py.core.block_body import BlockBody
from bema_py.core.header import BlockHeader, miner_info_hash
from bema_py.core.leaves import SampleLeaf
from bema_py.core.types import Digest
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger


def frauds_of(
    rules_digest: Digest,
    history: History,
    ledger: Ledger | None,
    event: BlockSubmitted,
    body: BlockBody,
    at: EventPosition,
) -> set[Fraud]:
    """Return every fraud that a proof could show in a body at a position; `ledger` is the parent block's, if known.

    What a body's form rules out (leaves without a shape, or out of order) cannot occur here.
    """
    record = body.record
    info = BlockHeader.decode(event.header).miner_info
    found = {
        Fraud.RECORD_OF_OTHER_RULES: record.rules != rules_digest,
        Fraud.RECORD_OF_OTHER_MINER: miner_info_hash(record.miner, record.party_type) != info,
        Fraud.RECORD_OF_OTHER_HEIGHT: record.height != event.height,
        Fraud.UPDATE_OF_UNKNOWN_PARTY: any(
            not _registered(history, update.party, at) for update in body.updates
        ),
        Fraud.REWARD_BEYOND_FUNDING: any(leaf.cumulative > _funded(history, at) for leaf in body.rewards),
        Fraud.REWARD_DECREASED: ledger is not None
        and any(leaf.cumulative < ledger.rewards.get(leaf.account, 0) for leaf in body.rewards),
    }
    return {fraud for fraud, holds in found.items() if holds} | {
        fraud for leaf in body.samples if (fraud := _fraud_of_sample(history, event, leaf, at))
    }


def _fraud_of_sample(
    history: History, event: BlockSubmitted, leaf: SampleLeaf, at: EventPosition
) -> Fraud | None:
    batch = history.batches.get(leaf.commitment)
    if batch is None or batch.opening is None or batch.opening.position > at:
        return Fraud.SAMPLE_NOT_REVEALED
    if batch.party != leaf.owner:
        return Fraud.SAMPLE_OF_OTHER_PARTY
    late = batch.opening.position.time >= event.position.time
    return Fraud.SAMPLE_REVEALED_LATE if late else None


def _registered(history: History, party: int, at: EventPosition) -> bool:
    return any(number == party and entry.registered <= at for number, entry in history.parties.items())


def _funded(history: History, at: EventPosition) -> int:
    return max((event.funded for event in history.funding if event.position <= at), default=0)
