"""`bema fund`, `bema party claim`, `bema party withdraw`, `bema miner bonds`: money in and out of the contract."""

from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.opening import open_network, open_signer
from bema_py.cli.output import JsonOption, emit
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.core.checks import check_hex
from bema_py.core.types import Address, hex0x
from bema_py.roles import payment

DEFAULT_PROFILE = Path("bema.toml")


def fund(
    amount: Annotated[int, typer.Argument(min=1, help="Wei to pay in.")],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Pay into the pool that rewards come from.

    Example: bema fund 1000000000000000000 --profile founder.toml
    """
    settings = load_profile(profile)
    network = open_network(settings)
    made = network.contract.fund(open_signer(settings, network.contract.chain), amount)
    event, resumed = made.event, made.receipt.resumed
    values = {"amount": str(event.amount), "funded": str(event.funded), "resumed": resumed}
    text = f"{event.amount} wei paid in; {event.funded} wei came into the pool so far"
    if resumed:
        text += "; an interrupted run had sent this payment, and nothing was paid twice: run it again to pay once more"
    emit(as_json, values, text)


def claim(profile: ProfileOption = DEFAULT_PROFILE, as_json: JsonOption = False) -> None:
    """Claim all that the newest final block allots to the account, as a sample's owner or as a miner.

    Example: bema party claim --profile party.toml
    """
    settings = load_profile(profile)
    network = open_network(settings)
    made = payment.claim(network, network.history(), open_signer(settings, network.contract.chain))
    values = {"block": made.height, "amount": str(made.amount), "cumulative": str(made.cumulative)}
    text = f"{made.amount} wei claimed against block {made.height}; {made.cumulative} wei earned in all"
    emit(as_json, values, text)


def withdraw(
    to: Annotated[str, typer.Option(help="Where to pay; the account itself unless given.")] = "",
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Take out all that was claimed and not yet taken.

    Example: bema party withdraw --profile party.toml
    """
    settings = load_profile(profile)
    network = open_network(settings)
    signer = open_signer(settings, network.contract.chain)
    receiver = Address(check_hex("--to", to, 20)) if to else signer.address
    event = network.contract.withdraw(signer, receiver).event
    emit(
        as_json,
        {"amount": str(event.amount), "to": hex0x(event.to)},
        f"{event.amount} wei paid to {hex0x(event.to)}",
    )


def bonds(profile: ProfileOption = DEFAULT_PROFILE, as_json: JsonOption = False) -> None:
    """Take back the account's bonds of blocks that are final, or orphaned without being rejected.

    Example: bema miner bonds --profile miner.toml
    """
    settings = load_profile(profile)
    network = open_network(settings)
    signer = open_signer(settings, network.contract.chain)
    blocks = payment.withdraw_bonds(network, network.history(), signer)
    bond = network.deployment.parameters.bond
    values = {"blocks": [hex0x(block) for block in blocks], "amount": str(bond * len(blocks))}
    emit(as_json, values, f"{len(blocks)} bonds of {bond} wei taken back")
