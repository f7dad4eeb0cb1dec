"""Miners that build false blocks, each in one way, so that tests can see an auditor find it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tiny_network import TinyNetwork

from bema_py.core.block_body import BlockBody
from bema_py.core.types import BlockHash, ModelDigest, PartyId
from bema_py.learning.model import Model
from bema_py.learning.progress import Progress
from bema_py.roles import block_miner
from bema_py.roles.assembly import AssembledBlock, BlockContext, ListedBatch, assemble
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.content import card_of

Forge = Callable[[AssembledBlock], AssembledBlock]
ForgeContext = Callable[[BlockContext], BlockContext]


def cheat(
    monkeypatch: pytest.MonkeyPatch,
    tiny: TinyNetwork,
    *,
    forge: Forge = lambda block: block,
    context: ForgeContext = lambda honest: honest,
) -> None:
    """Let a miner mine one block on the tiny network from a forged context, or forge the block it gives."""

    def forged(
        honest: BlockContext, listed: list[ListedBatch], progress: Progress | None = None
    ) -> AssembledBlock:
        return forge(assemble(context(honest), listed, progress))

    with monkeypatch.context() as patch:
        patch.setattr(block_miner, "assemble", forged)
        tiny.play(1)


def lie(tiny: TinyNetwork, forge: Forge | None = None) -> BlockHash:
    """Let the miner seal a forged block on the tip, without samples unless some wait; gives its hash."""
    worker = BlockMiner(tiny.network, tiny.miner)
    draft = worker.draft()
    forged = (forge or wrong_count)(draft.assembled)
    return worker.seal(replace(draft, assembled=forged)).header.hash()


def wrong_count(block: AssembledBlock) -> AssembledBlock:
    """Let the record claim one sample more than was judged."""
    record = replace(block.body.record, judged=block.body.record.judged + 1)
    return replace(block, body=replace(block.body, record=record))


def with_body(block: AssembledBlock, **changes: object) -> AssembledBlock:
    """Change the body and make its record agree with it, as a careful liar would."""
    body: BlockBody = replace(block.body, **changes)  # type: ignore[arg-type]
    record = replace(body.record, used=len(body.samples), updates=len(body.updates))
    return replace(block, body=replace(body, record=record))


def with_model(block: AssembledBlock, party: PartyId, model: Model) -> AssembledBlock:
    """Publish and anchor another model for a party than calibration gave."""
    card, _ = card_of(model)
    updates = tuple(
        replace(update, new=ModelDigest(card.digest())) if update.party == party else update
        for update in block.body.updates
    )
    models = {**block.calibration.models, party: model}
    return with_body(replace(block, calibration=replace(block.calibration, models=models)), updates=updates)


def nudged(model: Model) -> Model:
    """Return the model with one parameter moved by 2^-28."""
    first = model.theta[0].copy()
    first.flat[7] += 1
    return Model(model.architecture, model.classes, (first, *model.theta[1:]))
