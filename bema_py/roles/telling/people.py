"""The stories of parties and accounts in sentences."""

from bema_py.core.types import PartyType, hex0x
from bema_py.roles.stories.account import AccountStory
from bema_py.roles.stories.party import ApprovalStory, PartyBatch, PartyStory, SuspensionStory
from bema_py.roles.telling.earnings import tell_earnings
from bema_py.roles.telling.words import KINDS, Telling, classes, clock, count, printable, sequence


def tell_party(story: PartyStory) -> Telling:
    """Tell how a party joined, what it offered, found and earned, and whether it was suspended."""
    tell = Telling(f"Party {story.who.party}")
    account = tell.name("account", story.who.account)
    tell.say(
        f"Party {story.who.party} is a {KINDS[story.who.kind]}, account {account}, registered "
        f"{tell.when(story.registered)}."
    )
    tell.say(
        f"It holds data of {classes(story.held_classes)}; its model scores {classes(story.label_space)}."
    )
    _admission(tell, story)
    _model(tell, story)
    if story.suspension:
        tell.say(f"It was suspended {_suspension(tell, story.suspension)}.")
    _batches(tell, story)
    tell_earnings(tell, story.earnings)
    tell.leave_out(story.gaps)
    return tell


def tell_account(story: AccountStory) -> Telling:
    """Tell which party an account is, and everything about its money."""
    tell = Telling(f"Account {hex0x(story.who.account)}")
    account = tell.name("account", story.who.account)
    if story.who.party is None:
        listed = (
            ", though the deployment lists it as a founder that is still to register" if story.founder else ""
        )
        tell.say(f"Account {account} is no party{listed}.")
    elif story.registered:
        tell.say(
            f"Account {account} is party {story.who.party}, a {KINDS[story.who.kind]}, registered "
            f"{tell.when(story.registered)}."
        )
    if story.suspended:
        tell.say(
            f"It was suspended {tell.when(story.suspended)}; it can claim against blocks submitted before that."
        )
    tell_earnings(tell, story.earnings)
    tell.leave_out(story.gaps)
    return tell


def _admission(tell: Telling, story: PartyStory) -> None:
    if story.who.kind is PartyType.ORIGINAL:
        tell.say("It is one of the founders that the deployment lists, and needed nobody's approval.")
        return
    tell.say_each(
        f"It joined with {count(len(story.approvals), 'approval')}:",
        (_approval(tell, each) for each in story.approvals),
    )


def _approval(tell: Telling, approval: ApprovalStory) -> str:
    signer, vouched = tell.who(approval.signer), classes(approval.vouched_classes)
    return f"{signer} vouched for {vouched}, nonce {approval.nonce}, valid until {clock(approval.deadline)}"


def _model(tell: Telling, story: PartyStory) -> None:
    first = tell.name("model", story.registered_model)
    if not story.updates:
        tell.say(f"Its model is {first}, as registered: no block of the chain changed it.")
        return
    now = tell.name("model", story.model)
    tell.say(
        f"It registered model {first}; {count(story.updates, 'block')} of the chain changed it to {now} "
        f"(`bema history party {story.who.party}`)."
    )


def _suspension(tell: Telling, story: SuspensionStory) -> str:
    voters = sequence(tell.who(voter) for voter in story.voters)
    failed = (
        f"; it had failed the data witness by block {tell.name('block', story.failed)}"
        if story.failed
        else ""
    )
    return f"{tell.when(story.moment)} by the votes of {voters}, for: {printable(story.reason)!r}{failed}"


def _batches(tell: Telling, story: PartyStory) -> None:
    used = sum(batch.used for batch in story.batches)
    if not story.batches:
        tell.say("It committed to no batch of samples.")
        return
    tell.say_each(
        f"It committed to {count(len(story.batches), 'batch', 'batches')}; samples of them used: {used}.",
        (_batch(tell, batch) for batch in story.batches),
    )


def _batch(tell: Telling, batch: PartyBatch) -> str:
    name, committed = tell.name("batch", batch.commitment), tell.when(batch.committed)
    if batch.revealed is None:
        return f"batch {name}, committed {committed}, never revealed"
    fate = f"{batch.used} used in block {batch.listed}" if batch.listed else "listed by no block of the chain"
    return f"batch {name}, committed {committed}, revealed {tell.when(batch.revealed)}: {fate}"
