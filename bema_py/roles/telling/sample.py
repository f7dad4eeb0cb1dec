"""The story of a sample in sentences."""

from bema_py.chain.contract import BlockStatus
from bema_py.core.types import hex0x
from bema_py.learning.margin import Verdict
from bema_py.roles.stories.rebuilding import Fate
from bema_py.roles.stories.sample import HolderScores, Offer, SampleInBlock, SampleStory, SampleUse
from bema_py.roles.stories.verdicts import RuleOutcome, Verdicts, WitnessOutcome
from bema_py.roles.telling.words import Telling, count, money, printable, sequence

STATUS = {BlockStatus.PENDING: "pending", BlockStatus.FINAL: "final", BlockStatus.ORPHANED: "orphaned"}
NOT_HELD = {
    Verdict.NO_HOLDERS: "nobody among the members held its class, so there was nothing to judge it by",
    Verdict.NO_WRONG_CLASS: "nobody among the members held any other class, so there was no wrong class",
}


def tell_sample(story: SampleStory) -> Telling:
    """Tell who offered a sample, who owns it, and what every block made of it."""
    tell = Telling(f"Sample {hex0x(story.sample)}")
    name = tell.name("sample", story.sample)
    tell.say(f"Sample {name} is {count(story.size, 'byte')} of class {story.label}.")
    _offers(tell, story)
    _outcome(tell, story)
    for block in story.blocks:
        _in_block(tell, story, block)
    tell.leave_out(story.gaps)
    return tell


def _offers(tell: Telling, story: SampleStory) -> None:
    first, *later = story.offers
    tell.say(f"It was first committed by {_offer(tell, first)}.")
    for offer in later:
        tell.say(f"A later copy was committed by {_offer(tell, offer)}.")


def _offer(tell: Telling, offer: Offer) -> str:
    batch = tell.name("batch", offer.commitment)
    heights = sequence(f"block {height}" for height in offer.listed)
    fate = f"{heights} listed it" if offer.listed else "no block of the chain lists it"
    void = f", nor can any: {printable(offer.void)}" if offer.void else ""
    return (
        f"{tell.who(offer.author)} {tell.when(offer.committed)}, and revealed {tell.when(offer.revealed)}: "
        f"number {offer.index} (from 0) of batch {batch}; {fate}{void}"
    )


def _outcome(tell: Telling, story: SampleStory) -> None:
    if story.used_at is not None and story.owner is not None:
        tell.say(f"Block {story.used_at} used it, so it is spent; {tell.who(story.owner)} owns it.")
    else:
        tell.say("No block of the chain has used it.")


def _in_block(tell: Telling, story: SampleStory, block: SampleInBlock) -> None:
    where = f"Block {block.height} ({tell.name('block', block.block_hash)}, {STATUS[block.status]})"
    offered = f"what {tell.who(block.author)} offered in batch {tell.name('batch', block.commitment)}"
    said = f"{where} on {offered}"
    match block.fate:
        case Fate.USED:
            tell.say(f"{said}: valid and used.")
        case Fate.REFUSED if block.verdicts:
            tell.say(
                f"{said}: refused, {NOT_HELD.get(block.verdicts.verdict, block.verdicts.verdict.value)}."
            )
        case _:
            tell.say(f"{said}: not used, {block.fate.value}.")
    if block.verdicts and block.verdicts.wrong_label is not None:
        _numbers(tell, block.verdicts)
    if block.use:
        _use(tell, story, block, block.use)


def _numbers(tell: Telling, found: Verdicts) -> None:
    own, wrong = (_aggregate(each) for each in (found.own_aggregate, found.wrong_aggregate))
    lines = [_rule(outcome) for outcome in found.rules]
    if found.witness:
        lines.append(_witness(found.witness))
    tell.say_each(
        f"  The models give class {found.label} {own}; the wrong class y- is {found.wrong_label} with {wrong}. "
        "By the rules:",
        lines,
    )


def _aggregate(pair: tuple[int, int]) -> str:
    total, models = pair
    return f"{total / max(models, 1) / 2**24:.6f} (the mean of {count(models, 'model')})"


def _rule(outcome: RuleOutcome) -> str:
    least = "aggregate" in outcome.rule
    demand = f"{'at least' if least else 'at most'} {outcome.bound:.6f}"
    return (
        f"{outcome.rule} is {outcome.found:+.6f}, must be {demand}: {'holds' if outcome.holds else 'fails'}"
    )


def _witness(found: WitnessOutcome) -> str:
    if found.own is None or found.nearest is None:
        return "data witness (10b): no founder was heard about its class and another one: fails"
    numerator, denominator = found.ratio
    farthest = f", and at most {found.farthest}" if found.farthest else ""
    return (
        f"data witness (10b): squared distance {found.own} to references of its class, {found.nearest} to the nearest "
        f"other, class {found.nearest_class}; must be at most {numerator}/{denominator} of that{farthest}: "
        f"{'fails' if found.verdict else 'holds'}"
    )


def _use(tell: Telling, story: SampleStory, block: SampleInBlock, use: SampleUse) -> None:
    enhanced, impaired = (_parties(each) for each in (use.trace.enhanced, use.trace.impaired))
    wrong = block.verdicts.wrong_label if block.verdicts else None
    tell.say(
        f"  In round {use.trace.round} it enhanced class {story.label} in the models of {enhanced}, and impaired class "
        f"{wrong} in those of {impaired}."
    )
    tell.say_each(
        f"  The holders' scores for classes {story.label} and {wrong}, before the block and after all of its steps:",
        (_scores(each) for each in use.scores),
    )
    tell.say(f"  The block allotted {money(use.earned)} for it.")


def _parties(parties: tuple[int, ...]) -> str:
    if not parties:
        return "nobody"
    return f"{'party' if len(parties) == 1 else 'parties'} {sequence(map(str, parties))}"


def _scores(scores: HolderScores) -> str:
    return (
        f"party {scores.party}: {scores.own_before:.6f} -> {scores.own_after:.6f}, "
        f"{scores.wrong_before:.6f} -> {scores.wrong_after:.6f}"
    )
