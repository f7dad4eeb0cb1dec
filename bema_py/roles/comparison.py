"""How a claimed block body differs from the recomputed one, leaf by leaf, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError
from bema_py.core.leaves import CalibrationRecord, ModelUpdate, SampleLeaf
from bema_py.core.types import ModelDigest, PartyId, SampleId, hex0x
from bema_py.learning.difference import first_difference
from bema_py.learning.margin import Judgement
from bema_py.roles.assembly import BlockContext, ListedBatch, OwnedSample, lay_out, processing_order
from bema_py.roles.checks import Check, CheckBook, Place, Status
from bema_py.roles.content import ModelCache
from bema_py.roles.recomputation import Recomputation

Leaf = CalibrationRecord | SampleLeaf
UNCHANGEABLE = "this model must not change in this block"


def compare_bodies(
    book: CheckBook, claimed: BlockBody, recomputed: Recomputation, models: ModelCache | None
) -> None:
    """Record every leaf of the claimed body that is not what recomputation gives."""
    _compare_records(book, claimed, recomputed.body)
    _compare_samples(book, claimed, recomputed)
    _compare_updates(book, claimed, recomputed, models)
    _compare_rewards(book, claimed, recomputed.body)


def compare_claims(
    book: CheckBook, claimed: BlockBody, context: BlockContext, listed: Sequence[ListedBatch]
) -> None:
    """Record what in a claimed body is false whatever the models are, so that nothing need be calibrated.

    That is all of its record and rewards; of a sample whose it is, of an update where it starts. What remains of
    checks 601 and 602 is not counted as passed.
    """
    expected = lay_out(context, listed, claimed.samples, claimed.updates)
    _compare_records(book, claimed, expected)
    _check_owners(book, claimed, processing_order(context.parent, listed, context.used))
    _check_starts(book, claimed, context.digests)
    _compare_rewards(book, claimed, expected)


def _check_owners(book: CheckBook, claimed: BlockBody, candidates: Sequence[OwnedSample]) -> None:
    owned = {each.sample: each for each in candidates}
    for index, leaf in enumerate(claimed.samples, start=1):
        place, name = Place(claimed.height, index, leaf.owner), hex0x(leaf.sample)
        sample = owned.get(leaf.sample)
        if sample is None:
            message = f"sample {name} is used but {_why_unused(None)}"
            book.note(Check.JUDGEMENT, Status.FALSE, message, place)
        elif (leaf.owner, leaf.commitment, leaf.index, leaf.label) != (
            sample.owner,
            sample.commitment,
            sample.index,
            sample.y,
        ):
            message = (
                f"sample {name} of class {sample.y} is owned by party {sample.owner} at index {sample.index} of "
                f"batch {hex0x(sample.commitment)}, its leaf says otherwise"
            )
            book.note(Check.JUDGEMENT, Status.FALSE, message, place)


def _check_starts(book: CheckBook, claimed: BlockBody, digests: Mapping[PartyId, ModelDigest]) -> None:
    for index, update in enumerate(claimed.updates, start=1 + len(claimed.samples)):
        place = Place(claimed.height, index, update.party)
        parent = digests.get(update.party)
        if parent is None:
            book.note(Check.CALIBRATION, Status.FALSE, UNCHANGEABLE, place)
        elif update.old != parent:
            book.note(Check.CALIBRATION, Status.FALSE, _other_start(update.old, parent), place)


def _compare_records(book: CheckBook, claimed: BlockBody, expected: BlockBody) -> None:
    place = Place(block=expected.height, leaf=0)
    differing = _field_differences(claimed.record, expected.record)
    if claimed.height != expected.height or claimed.parent != expected.parent:
        differing.append("the body names another height or parent than its header")
    book.expect(Check.RECORD, not differing, f"calibration record: {'; '.join(differing)}", place)


def _field_differences(claimed: Leaf, expected: Leaf) -> list[str]:
    pairs = [
        (field.name, getattr(claimed, field.name), getattr(expected, field.name)) for field in fields(claimed)
    ]
    return [f"{name} is {_show(a)}, recomputed {_show(b)}" for name, a, b in pairs if a != b]


def _show(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else str(value)


def _compare_samples(book: CheckBook, claimed: BlockBody, recomputed: Recomputation) -> None:
    height = recomputed.body.height
    expected = {leaf.sample: leaf for leaf in recomputed.body.samples}
    verdicts = _verdicts(recomputed)
    for index, leaf in enumerate(claimed.samples, start=1):
        place = Place(height, index, leaf.owner)
        right = expected.pop(leaf.sample, None)
        if right is None:
            reason = _why_unused(verdicts.get(leaf.sample))
            book.expect(Check.JUDGEMENT, False, f"sample {hex0x(leaf.sample)} is used but {reason}", place)
        else:
            wrong = _field_differences(leaf, right)
            book.expect(Check.JUDGEMENT, not wrong, f"sample {hex0x(leaf.sample)}: {'; '.join(wrong)}", place)
    for leaf in expected.values():
        book.expect(
            Check.JUDGEMENT,
            False,
            f"sample {hex0x(leaf.sample)} of a listed batch is valid but was not used",
            Place(height, party=leaf.owner),
        )


def _verdicts(recomputed: Recomputation) -> dict[SampleId, Judgement]:
    """Return how each candidate was judged; nothing where an earlier audit judged, and agreed with the block."""
    assembled = recomputed.assembled
    if assembled is None:
        return {}
    pairs = zip(assembled.candidates, assembled.calibration.judgements, strict=True)
    return {candidate.sample: judgement for candidate, judgement in pairs}


def _why_unused(judgement: Judgement | None) -> str:
    if judgement is None:
        return "no listed batch holds it as an owned, unused sample"
    return f"the judgement at the parent models is {judgement.verdict.value}"


def _compare_updates(
    book: CheckBook, claimed: BlockBody, recomputed: Recomputation, models: ModelCache | None
) -> None:
    height, first = recomputed.body.height, 1 + len(claimed.samples)
    expected = {update.party: update for update in recomputed.body.updates}
    for index, update in enumerate(claimed.updates, start=first):
        place = Place(height, index, update.party)
        right = expected.pop(update.party, None)
        if right is None:
            book.expect(Check.CALIBRATION, False, UNCHANGEABLE, place)
            continue
        started = update.old == right.old
        book.expect(Check.CALIBRATION, started, _other_start(update.old, right.old), place)
        if update.new == right.new:
            book.expect(Check.CALIBRATION, True, "", place)
        else:
            where = _first_difference(update, recomputed, models)
            book.expect(
                Check.CALIBRATION,
                False,
                f"the new model is {hex0x(update.new)}, recomputed {hex0x(right.new)}{where}",
                place,
            )
    for party in expected:
        _note_absent(book, height, party)


def _other_start(stated: ModelDigest, parent: ModelDigest) -> str:
    return f"the update starts from model {hex0x(stated)}, the parent block left {hex0x(parent)}"


def _note_absent(book: CheckBook, height: int, party: PartyId) -> None:
    book.expect(
        Check.CALIBRATION,
        False,
        "calibration changes this model but the block has no update of it",
        Place(height, party=party),
    )


def _compare_rewards(book: CheckBook, claimed: BlockBody, expected: BlockBody) -> None:
    height, first = expected.height, 1 + len(claimed.samples) + len(claimed.updates)
    due = {leaf.account: leaf.cumulative for leaf in expected.rewards}
    for index, leaf in enumerate(claimed.rewards, start=first):
        right = due.pop(leaf.account, 0)
        book.expect(
            Check.REWARDS,
            leaf.cumulative == right,
            f"account {hex0x(leaf.account)} is allotted {leaf.cumulative} wei in all, recomputed {right}",
            Place(height, index),
        )
    for account, amount in due.items():
        message = f"account {hex0x(account)} has no reward leaf, recomputed {amount} wei in all"
        book.expect(Check.REWARDS, False, message, Place(height))


def _first_difference(claimed: ModelUpdate, recomputed: Recomputation, models: ModelCache | None) -> str:
    """Say at which parameter a published model departs from the recomputed one, if both can be read."""
    if models is None or recomputed.assembled is None:
        return ""
    right = recomputed.assembled.calibration.models[claimed.party]
    try:
        difference = first_difference(models.load(claimed.new), right)
    except BemaError:
        return ""
    return f"; {difference}" if difference else ""
