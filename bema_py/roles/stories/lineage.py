"""The lineage of a party's model: every block that changed it, and what each change was worth."""

from dataclasses import dataclass, replace

from bema_py.core.errors import BemaError
from bema_py.core.types import BlockHash, ModelDigest, hex0x
from bema_py.learning.calibration import StepCount
from bema_py.learning.datasets import Dataset
from bema_py.learning.predictors import accuracy, max_model
from bema_py.learning.scoring import class_scores
from bema_py.roles.content import load_body
from bema_py.roles.history import RegisteredParty
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import Gap, Moment, Who, gap, moment, who
from bema_py.roles.stories.known_blocks import KnownBlock, known_blocks
from bema_py.roles.stories.rebuilding import RebuiltBlock, rebuild


@dataclass(frozen=True)
class ModelChange:
    """A block that changed a party's model.

    enhanced, impaired: the steps it took, where they were counted. accuracy_before, accuracy_after: the shares of a
    data set that the old and the new model alone classify right, where that was measured.
    """

    height: int
    block_hash: BlockHash
    moment: Moment
    old: ModelDigest
    new: ModelDigest
    enhanced: int | None = None
    impaired: int | None = None
    accuracy_before: float | None = None
    accuracy_after: float | None = None


@dataclass(frozen=True)
class Lineage:
    """A party's model from `first`, as registered, to `model`; `undone` are changes by blocks that left the chain.

    accuracy: the share that the registered model alone classifies right, where that was measured.
    """

    who: Who
    registered: Moment
    first: ModelDigest
    model: ModelDigest
    changes: tuple[ModelChange, ...]
    undone: tuple[ModelChange, ...]
    gaps: tuple[Gap, ...]
    accuracy: float | None = None


def lineage(archive: Archive, party: RegisteredParty) -> Lineage:
    """Follow a party's model through the blocks, believing their bodies."""
    changes: list[ModelChange] = []
    undone: list[ModelChange] = []
    gaps: list[Gap] = []
    for block in known_blocks(archive.history):
        try:
            change = _change(archive, party, block)
        except BemaError as error:
            gaps.append(gap(f"the body of block {block.event.height}", error))
            continue
        if change is not None:
            (undone if block.orphan else changes).append(change)
    return Lineage(
        who=who(archive.history, party.account),
        registered=moment(party.registered),
        first=party.model_card,
        model=changes[-1].new if changes else party.model_card,
        changes=tuple(changes),
        undone=tuple(undone),
        gaps=tuple(gaps),
    )


def _change(archive: Archive, party: RegisteredParty, block: KnownBlock) -> ModelChange | None:
    event = block.event
    updates = load_body(archive.store, event.body_digest).updates
    own = next((update for update in updates if update.party == party.party), None)
    if own is None:
        return None
    return ModelChange(event.height, event.block_hash, moment(event.position), own.old, own.new)


def with_steps(archive: Archive, party: RegisteredParty, moves: Lineage) -> Lineage:
    """Rebuild the blocks that changed the model and count its steps; what cannot be rebuilt becomes a gap."""
    changes, gaps = [], list(moves.gaps)
    for change in moves.changes:
        below = archive.history.blocks[: change.height]
        made = rebuild(archive, KnownBlock(below[-1], below[:-1]))
        if isinstance(made, RebuiltBlock):
            taken = made.assembled.calibration.steps.get(party.party, StepCount())
            changes.append(replace(change, enhanced=taken.enhance, impaired=taken.impair))
        else:
            changes.append(change)
            gaps.extend(made)
    return replace(moves, changes=tuple(changes), gaps=tuple(gaps))


def with_effect(archive: Archive, party: RegisteredParty, moves: Lineage, data: Dataset) -> Lineage:
    """Measure every model of a lineage on the samples of the party's held classes, each model alone.

    `data` has the rules' shape of images; raises ImageShapeError. A model that cannot be read becomes a gap.
    """
    own, gaps = held_samples(party, data), list(moves.gaps)
    shares: dict[ModelDigest, float | None] = {}
    for model in [moves.first, *(digest for change in moves.changes for digest in (change.old, change.new))]:
        if model not in shares:
            shares[model] = _accuracy(archive, model, own, gaps)
    changes = (
        replace(change, accuracy_before=shares[change.old], accuracy_after=shares[change.new])
        for change in moves.changes
    )
    return replace(moves, changes=tuple(changes), accuracy=shares[moves.first], gaps=tuple(gaps))


def _accuracy(archive: Archive, digest: ModelDigest, data: Dataset, gaps: list[Gap]) -> float | None:
    try:
        model = archive.models.load(digest)
    except BemaError as error:
        gaps.append(gap(f"model {hex0x(digest)}", error))
        return None
    scores = class_scores([model], data.images, archive.rules.classes)
    return accuracy(max_model(scores), data.labels)


def held_samples(party: RegisteredParty, data: Dataset) -> Dataset:
    """Return the samples of the classes that a party holds."""
    held = [index for index, label in enumerate(data.labels.tolist()) if party.held_classes >> label & 1]
    return data.select(held)
