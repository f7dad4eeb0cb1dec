"""`bema op reject`, `suspend`, `send`: what original parties decide by quorum, one signature file each."""

from pathlib import Path
from typing import Annotated

import typer

from bema_py.chain.events import BlockRejected, BlockSubmitted
from bema_py.chain.votes import Vote
from bema_py.cli.opening import open_network, open_signer
from bema_py.cli.output import JsonOption, emit
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.core.checks import check_hex
from bema_py.core.errors import InputError
from bema_py.core.types import Address, hex0x
from bema_py.roles import original_party
from bema_py.roles.history import History
from bema_py.roles.requests import read_votes, write_vote

DEFAULT_PROFILE = Path("bema.toml")
ReasonOption = Annotated[str, typer.Option(help="Why; it is stored as content and its digest is signed.")]
OutOption = Annotated[Path, typer.Option(help="Where to write the signed vote.")]


def reject(
    block: Annotated[str, typer.Argument(help="The block: its height on the chain, or its hash.")],
    reason: ReasonOption,
    out: OutOption = Path("vote.json"),
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Sign a vote to take a false block off the chain; with a quorum of votes `bema op send` does it.

    Example: bema op reject 3 --reason "the models of block 3 are not what calibration gives" --out vote0.json
    """
    settings = load_profile(profile)
    network = open_network(settings)
    found = _find(network.history(), block)
    signer = open_signer(settings, network.contract.chain)
    vote = original_party.reject(network, signer, found.block_hash, reason)
    _hand_over(out, vote, f"to reject block {found.height} ({hex0x(found.block_hash)})", as_json)


def suspend(
    account: Annotated[str, typer.Argument(help="The account of the party.")],
    reason: ReasonOption,
    seconds: Annotated[int, typer.Option(min=1, help="How long the vote counts.")] = 86_400,
    until: Annotated[int, typer.Option(help="Chain time at which it ends instead; votes must agree.")] = 0,
    out: OutOption = Path("vote.json"),
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Sign a vote to suspend a party for ever; with a quorum of votes `bema op send` does it.

    Example: bema op suspend 0x90F7... --reason "bogus samples" --until 1800000000 --out vote0.json
    """
    settings = load_profile(profile)
    network = open_network(settings)
    deadline = until or network.contract.chain.head().timestamp + seconds
    signer = open_signer(settings, network.contract.chain)
    vote = original_party.suspend(
        network, signer, Address(check_hex("ACCOUNT", account, 20)), reason, deadline
    )
    _hand_over(out, vote, f"to suspend {account}, good until chain time {deadline}", as_json)


def send(
    votes: Annotated[list[Path], typer.Argument(help="The founders' vote files, all on one motion.")],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Send founders' votes on one motion; anybody may.

    Example: bema op send vote0.json vote2.json --profile founder.toml
    """
    settings = load_profile(profile)
    network = open_network(settings)
    event = original_party.carry(network, open_signer(settings, network.contract.chain), read_votes(votes))
    if isinstance(event, BlockRejected):
        values: dict[str, object] = {"rejected": hex0x(event.block_hash), "tip": hex0x(event.tip)}
        text = f"block {event.height} rejected; the tip is {hex0x(event.tip)} again"
    else:
        values = {"suspended": hex0x(event.account), "party": event.party}
        text = f"party {event.party} ({hex0x(event.account)}) suspended"
    emit(as_json, values, text)


def _find(history: History, name: str) -> BlockSubmitted:
    for block in history.blocks:
        if name in (str(block.height), hex0x(block.block_hash)):
            return block
    raise InputError(f"{name!r} is neither the height nor the hash of a block of the chain")


def _hand_over(out: Path, vote: Vote, what: str, as_json: bool) -> None:
    write_vote(out, vote)
    emit(as_json, {"vote": str(out), "signer": hex0x(vote.signer)}, f"vote {what}, written to {out}")
