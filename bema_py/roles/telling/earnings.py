"""What an account came by, in sentences."""

from bema_py.chain.contract import BlockStatus
from bema_py.roles.stories.earnings import BlockEarning, Earnings, MinedBlock, Payment
from bema_py.roles.stories.standing import BondFate
from bema_py.roles.telling.words import Telling, count, money, sequence

STATUS = {BlockStatus.PENDING: "pending", BlockStatus.FINAL: "final", BlockStatus.ORPHANED: "orphaned"}


def tell_earnings(tell: Telling, earnings: Earnings) -> None:
    """Say what was allotted, claimed and taken out, what was paid in, and which blocks were found."""
    _found(tell, earnings)
    _allotted(tell, earnings)
    for claim in earnings.claims:
        block = tell.name("block", claim.block_hash)
        tell.say(f"It claimed {money(claim.amount)} against block {block} {tell.when(claim.moment)}.")
    for payment in earnings.withdrawals:
        tell.say(f"It took out {_paid(tell, payment)}, to {tell.who(payment.other)}.")
    for payment in earnings.paid_in:
        tell.say(f"Into the pool came from it {_paid(tell, payment)}.")
    if earnings.claimable.wei:
        tell.say(f"It can still claim {money(earnings.claimable)}.")
    if earnings.takeable.wei:
        tell.say(f"It can still take out {money(earnings.takeable)}.")


def _found(tell: Telling, earnings: Earnings) -> None:
    if not earnings.mined:
        tell.say("It found no block.")
        return
    tell.say_each(
        f"It found {count(len(earnings.mined), 'block')}:", (_mined(tell, each) for each in earnings.mined)
    )


def _mined(tell: Telling, block: MinedBlock) -> str:
    status = "rejected" if block.rejected else STATUS[block.status]
    bond = (
        "" if block.bond_fate is BondFate.NONE else f"; bond of {money(block.bond)} {block.bond_fate.value}"
    )
    when = f" {tell.when(block.bond_returned)}" if block.bond_returned else ""
    return f"block {block.height}, {tell.name('block', block.block_hash)}, {status}{bond}{when}"


def _allotted(tell: Telling, earnings: Earnings) -> None:
    if not earnings.blocks:
        tell.say("No block of the chain allotted it anything.")
        return
    tell.say_each(
        f"It was allotted {money(earnings.allotted)} in all, of which {money(earnings.final)} are final:",
        (_block(tell, each) for each in earnings.blocks),
    )


def _block(tell: Telling, earning: BlockEarning) -> str:
    reasons = ["finding it"] if earning.mined else []
    reasons += [count(earning.samples, "used sample")] if earning.samples else []
    why = f" for {sequence(reasons)}" if reasons else ""
    name = tell.name("block", earning.block_hash)
    return f"block {earning.height}, {name}, {STATUS[earning.status]}: {money(earning.amount)}{why}"


def _paid(tell: Telling, payment: Payment) -> str:
    return f"{money(payment.amount)} {tell.when(payment.moment)}"
