"""How a claimed block body differs from the recomputed one, leaf by leaf, in words."""

from dataclasses import fields

from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError
from bema_py.core.leaves import CalibrationRecord, SampleLeaf
from bema_py.core.types import ModelDigest, PartyId, hex0x
from bema_py.learning.difference import first_difference
from bema_py.learning.margin import Judgement
from bema_py.learning.model import Model
from bema_py.roles.assembly import AssembledBlock
from bema_py.roles.checks import Check, CheckBook, Place
from bema_py.roles.content import ModelCache

Leaf = CalibrationRecord | SampleLeaf


def compare_bodies(
    book: CheckBook, claimed: BlockBody, assembled: AssembledBlock, models: ModelCache | None
) -> None:
    """Record every leaf of the claimed body that is not what recomputation gives."""
    _compare_records(book, claimed, assembled.body)
    _compare_samples(book, claimed, assembled)
    _compare_updates(book, claimed, assembled, models)
    _compare_rewards(book, claimed, assembled.body)


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


def _compare_samples(book: CheckBook, claimed: BlockBody, assembled: AssembledBlock) -> None:
    height = assembled.body.height
    expected = {leaf.sample: leaf for leaf in assembled.body.samples}
    verdicts = {
        candidate.sample: judgement
        for candidate, judgement in zip(assembled.candidates, assembled.calibration.judgements, strict=True)
    }
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


def _why_unused(judgement: Judgement | None) -> str:
    if judgement is None:
        return "no listed batch holds it as an owned, unused sample"
    return f"the judgement at the parent models is {judgement.verdict.value}"


def _compare_updates(
    book: CheckBook, claimed: BlockBody, assembled: AssembledBlock, models: ModelCache | None
) -> None:
    height, first = assembled.body.height, 1 + len(claimed.samples)
    expected = {update.party: update for update in assembled.body.updates}
    for index, update in enumerate(claimed.updates, start=first):
        place = Place(height, index, update.party)
        right = expected.pop(update.party, None)
        if right is None:
            book.expect(Check.CALIBRATION, False, "this model must not change in this block", place)
            continue
        book.expect(
            Check.CALIBRATION,
            update.old == right.old,
            f"the update starts from model {hex0x(update.old)}, the parent block left {hex0x(right.old)}",
            place,
        )
        if update.new == right.new:
            book.expect(Check.CALIBRATION, True, "", place)
        else:
            where = _first_difference(update.new, assembled.calibration.models[update.party], models)
            book.expect(
                Check.CALIBRATION,
                False,
                f"the new model is {hex0x(update.new)}, recomputed {hex0x(right.new)}{where}",
                place,
            )
    for party in expected:
        _note_absent(book, height, party)


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


def _first_difference(claimed: ModelDigest, recomputed: Model, models: ModelCache | None) -> str:
    """Say at which parameter a published model departs from the recomputed one, if it can be read."""
    if models is None:
        return ""
    try:
        difference = first_difference(models.load(claimed), recomputed)
    except BemaError:
        return ""
    return f"; {difference}" if difference else ""
