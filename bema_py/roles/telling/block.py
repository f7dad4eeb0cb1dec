"""The story of a block in sentences."""

from math import log2

from bema_py.chain.contract import BlockStatus
from bema_py.roles.stories.block import (
    Allotment,
    BlockContent,
    BlockStory,
    Judging,
    ListedBatchFacts,
    MovedModel,
)
from bema_py.roles.stories.rebuilding import Fate
from bema_py.roles.stories.standing import BondFate, RejectionStory, Standing
from bema_py.roles.telling.words import Telling, clock, count, money, printable, sequence

FATES = {
    Fate.FULL: "valid, but the block had as many samples as it may use",
    Fate.QUOTA: "valid, but the block had as many samples of their class as it may use",
    Fate.COPY: "copies of samples that an earlier commitment among the listed batches owns",
    Fate.SPENT: "used in an earlier block",
}
SHOWN_FAULTS = 5
SHOWN_SAMPLES = 3


def tell_block(story: BlockStory) -> Telling:
    """Tell what a block did and what became of it."""
    tell = Telling(f"Block {story.height}")
    _found(tell, story)
    if story.content:
        _listed(tell, story.content)
        _judged(tell, story.content, story.judging)
        tell.say_each(
            f"It changed {count(len(story.content.models), 'model')}{':' if story.content.models else '.'}",
            (_moved(tell, model) for model in story.content.models),
        )
        tell.say_each(
            "It allotted nothing." if not story.content.allotments else "It allotted:",
            (_allotted(tell, each) for each in story.content.allotments),
        )
    tell_standing(tell, story.standing)
    if story.rivals:
        named = sequence(tell.name("block", each) for each in story.rivals)
        tell.say(f"Other blocks were accepted at height {story.height} at other times: {named}.")
    tell.leave_out(story.gaps)
    return tell


def _found(tell: Telling, story: BlockStory) -> None:
    parent = "the genesis hash" if story.height == 1 else f"block {story.height - 1}"
    waited = story.moment.time - story.parent_time
    tell.say(
        f"Block {story.height}, {tell.name('block', story.block_hash)}, was found by {tell.who(story.miner)} and "
        f"submitted {tell.when(story.moment)}."
    )
    tell.say(
        f"It builds on {parent}, {tell.name('block', story.parent)}, which it followed after {waited} s."
    )
    tell.say(
        f"Its hash had to lie below 2^{log2(max(story.target, 1)):.1f}: {story.work} hashes on average; its nonce is "
        f"{story.nonce}."
    )


def _listed(tell: Telling, content: BlockContent) -> None:
    tell.say_each(
        f"It lists {count(len(content.batches), 'batch', 'batches')}{':' if content.batches else '.'}",
        (_batch(tell, batch) for batch in content.batches),
    )
    if content.left_out:
        named = sequence(tell.name("batch", each) for each in content.left_out)
        tell.say(f"It left out {named}, revealed in time; that is no offence.")


def _batch(tell: Telling, batch: ListedBatchFacts) -> str:
    name = f"batch {tell.name('batch', batch.commitment)}"
    if batch.author is None or batch.committed is None:
        return f"{name}, which nobody committed"
    revealed = f", revealed {tell.when(batch.revealed)}" if batch.revealed else ", never revealed"
    size = f": {count(batch.samples, 'sample')}" if batch.samples is not None else ""
    return f"{name} of {tell.who(batch.author)}, committed {tell.when(batch.committed)}{revealed}{size}"


def _judged(tell: Telling, content: BlockContent, judging: Judging | None) -> None:
    claim = f"By its own account: {count(content.judged, 'sample')} judged, {content.used or 'none'} used."
    if judging is None:
        tell.say(claim)
        return
    parts = [f"{judging.fates.get(Fate.USED, 0)} used"]
    parts += [f"{number} refused, {verdict.value}" for verdict, number in judging.refused.items()]
    parts += [f"{judging.fates[fate]} {words}" for fate, words in FATES.items() if fate in judging.fates]
    if content.judged or judging.faults:
        tell.say_each(f"{claim} Computed anew from the parent models:", parts)
    else:
        tell.say(claim)
    if content.samples:
        shown = ", ".join(tell.name("sample", leaf.sample) for leaf in content.samples[:SHOWN_SAMPLES])
        more = len(content.samples) - SHOWN_SAMPLES
        tell.say(
            f"The used samples are {shown}{f' and {more} more, which --json names' if more > 0 else ''}."
        )
    if judging.faults:
        tell.say_each(
            "The block is false; recomputed, these things in it are otherwise:",
            (printable(each) for each in judging.faults[:SHOWN_FAULTS]),
        )
    else:
        tell.say("The block agrees with its recomputation to the last bit.")


def _moved(tell: Telling, model: MovedModel) -> str:
    steps = ""
    if model.enhanced is not None and model.impaired is not None:
        steps = (
            f", by {count(model.enhanced, 'enhancing step')} and {count(model.impaired, 'impairing step')}"
        )
    return (
        f"party {model.party}: {tell.name('model', model.old)} became {tell.name('model', model.new)}{steps}"
    )


def _allotted(tell: Telling, allotment: Allotment) -> str:
    return f"{tell.who(allotment.who)}: {money(allotment.amount)}, {money(allotment.cumulative)} in all"


def tell_standing(tell: Telling, standing: Standing) -> None:
    """Say whether a block is pending, final or off the chain, and where its bond is."""
    as_of, closes = clock(standing.as_of), clock(standing.window_closes)
    if standing.rejection:
        _rejected(tell, standing.rejection, itself=standing.rejected)
    elif standing.status is BlockStatus.FINAL:
        tell.say(f"It is final: its challenge window closed after {closes}.")
    else:
        tell.say(f"It is pending as of {as_of}: founders can reject it until {closes}.")
    if standing.bond_fate is not BondFate.NONE:
        when = f" {tell.when(standing.bond_returned)}" if standing.bond_returned else ""
        tell.say(f"Its bond of {money(standing.bond)} {standing.bond_fate.value}{when}.")


def _rejected(tell: Telling, story: RejectionStory, *, itself: bool) -> None:
    """Say by whom or what a block was rejected, or the ancestor with which it left the chain."""
    when = tell.when(story.moment)
    block = f"block {story.height} ({tell.name('block', story.block_hash)})"
    subject = (
        f"It was rejected {when}"
        if itself
        else f"It was orphaned {when}, since {block}, its ancestor, was rejected"
    )
    if story.fraud:
        tell.say(f"{subject} by proof that the contract checked: {story.fraud}.")
        return
    voters = sequence(tell.who(voter) for voter in story.voters)
    tell.say(f"{subject} by the votes of {voters}, who gave as reason: {printable(story.reason or '')!r}.")
