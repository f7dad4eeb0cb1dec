"""False blocks that hold together: hashed, mined and anchored anew, as a lying miner would, at the tip of a history."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from auditing.subject import Base, ChangedStore, Subject
from bema_py.chain.events import BlockSubmitted, EventPosition
from bema_py.core.block_body import BlockBody
from bema_py.core.header import BlockHeader
from bema_py.core.nonce import search_nonce
from bema_py.core.types import PartyId
from bema_py.learning.model import Model
from bema_py.roles.assembly import AssembledBlock, BlockContext, ListedBatch, assemble, block_context
from bema_py.roles.batches import load_listed
from bema_py.roles.content import ModelCache, load_body, load_rules, publish_model
from bema_py.roles.hearing import load_statements
from bema_py.roles.ledger import Ledger, advance
from bema_py.roles.recollection import recalled_samples
from bema_py.roles.replay import replay

STAGE = 3
"""The height of the false blocks: a block with samples of several parties, updates and rewards."""

HeaderChange = Callable[[BlockHeader], BlockHeader]


@dataclass(frozen=True)
class Work:
    """All that the miner of a block had before it."""

    subject: Subject
    event: BlockSubmitted
    ledger: Ledger
    context: BlockContext
    listed: tuple[ListedBatch, ...]
    body: BlockBody


def work_at(base: Base, height: int = STAGE) -> Work:
    """Give what the miner of a block had, and the history up to that block."""
    subject = base.subject.up_to_block(height)
    store, history = subject.store, replay(subject.events)
    rules = load_rules(store, subject.deployment.rules_digest)
    event, ledger = history.blocks[height - 1], Ledger()
    for earlier in history.blocks[: height - 1]:
        ledger = advance(ledger, load_body(store, earlier.body_digest))
    body, models = load_body(store, event.body_digest), ModelCache(store)
    context = block_context(
        history,
        ledger,
        rules,
        subject.deployment.parameters.max_reward_per_block,
        {each.party: models.load(ledger.model_of(each)) for each in history.members_at(height, rules)},
        recalled_samples(store, history, ledger, rules),
        event.miner,
        history.party_type_of(event.miner, event.position),
    )
    heard = load_statements(store, body.record.statements).statements
    listed = []
    for commitment in body.batches:
        given = tuple(each for each in heard if each.statement.commitment == commitment)
        listed.append(replace(load_listed(store, history.batches[commitment], rules), statements=given))
    return Work(subject, event, ledger, context, tuple(listed), body)


def sealed(
    work: Work,
    body: BlockBody,
    *,
    header: HeaderChange = lambda honest: honest,
    models: dict[PartyId, Model] | None = None,
    objects: tuple[bytes, ...] = (),
    mine: bool = True,
    encoded: bytes | None = None,
) -> Subject:
    """Publish a body and what goes with it, do its work and put it in the place of the honest block."""
    store = ChangedStore(work.subject.store)
    for model in (models or {}).values():
        publish_model(store, model)
    for each in objects:
        store.put_object(each)
    digest = store.put_object(body.to_bytes() if encoded is None else encoded)
    honest = BlockHeader.decode(work.event.header)
    sealed_header = header(replace(honest, merkle_root=body.root()))
    if mine:
        sealed_header = search_nonce(replace(sealed_header, nonce=0), work.event.target)
    event = replace(
        work.event,
        header=sealed_header.encode(),
        block_hash=sealed_header.hash(),
        body_digest=digest,
        leaf_count=len(body.leaves()),
    )
    return Subject(work.subject.deployment, (*work.subject.events[:-1], event), store)


def next_block(subject: Subject, forge: Callable[[BlockBody], BlockBody]) -> Subject:
    """Mine an empty block on the last one, whatever that claims, and forge its body."""
    store, history, deployment = subject.store, replay(subject.events), subject.deployment
    rules, models, ledger = load_rules(store, deployment.rules_digest), ModelCache(store), Ledger()
    for each in history.blocks:
        ledger = advance(ledger, load_body(store, each.body_digest))
    last = history.blocks[-1]
    members = history.members_at(ledger.height + 1, rules)
    party_type = history.party_type_of(last.miner)
    context = block_context(
        history,
        ledger,
        rules,
        deployment.parameters.max_reward_per_block,
        {each.party: models.load(ledger.model_of(each)) for each in members},
        recalled_samples(store, history, ledger, rules),
        last.miner,
        party_type,
    )
    block = assemble(context, ())
    position = later(subject.events[-1].position, 5)
    target = history.target_of(deployment.parameters.target_rule, ledger.height + 1, position.time)
    event = replace(
        last, position=position, height=ledger.height + 1, target=target, header=_header(last, position.time)
    )
    work = Work(replace(subject, events=(*subject.events, event)), event, ledger, context, (), block.body)
    changed = {party: block.calibration.models[party] for party in block.cards}
    return sealed(work, forge(block.body), models=changed)


def _header(parent: BlockSubmitted, time: int) -> bytes:
    header = BlockHeader.decode(parent.header)
    return replace(header, parent=parent.block_hash, timestamp=time).encode()


def sealed_block(work: Work, block: AssembledBlock) -> Subject:
    """Put an assembled block in the place of the honest one."""
    changed = {party: block.calibration.models[party] for party in block.cards}
    objects = (block.statements.to_bytes(),) if block.statements.statements else ()
    return sealed(work, block.body, models=changed, objects=objects)


def assembled(
    work: Work, change: Callable[[BlockContext], BlockContext], listed: tuple[ListedBatch, ...] | None = None
) -> AssembledBlock:
    """Build the block from another context, and state the right rules in its record."""
    block = assemble(change(work.context), work.listed if listed is None else listed)
    record = replace(block.body.record, rules=work.context.rules.digest())
    return replace(block, body=replace(block.body, record=record))


def consistent(body: BlockBody, **changes: object) -> BlockBody:
    """Change a body and make its record agree with it."""
    other: BlockBody = replace(body, **changes)  # type: ignore[arg-type]
    record = replace(other.record, used=len(other.samples), updates=len(other.updates))
    return replace(other, record=record)


def later(position: EventPosition, seconds: int) -> EventPosition:
    """A place some Ethereum blocks on."""
    return replace(
        position,
        block_number=position.block_number + seconds,
        time=position.time + seconds,
        block_hash=bytes([position.block_hash[0] ^ 1]) + position.block_hash[1:],  # type: ignore[arg-type]
        transaction_hash=bytes([position.transaction_hash[0] ^ 1]) + position.transaction_hash[1:],  # type: ignore[arg-type]
    )
