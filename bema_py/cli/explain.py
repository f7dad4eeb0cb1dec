"""`bema explain`: what became of a block, a sample, a party, an account, in plain sentences."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bema_py.cli.opening import open_archive
from bema_py.cli.output import JsonOption, console, emit
from bema_py.cli.profile import ProfileOption
from bema_py.core.checks import check_hex
from bema_py.core.types import Address
from bema_py.roles.stories.account import account_story
from bema_py.roles.stories.block import block_story
from bema_py.roles.stories.facts import Gap, plain
from bema_py.roles.stories.known_blocks import find_block
from bema_py.roles.stories.party import party_story
from bema_py.roles.stories.sample import sample_story
from bema_py.roles.telling.block import tell_block
from bema_py.roles.telling.people import tell_account, tell_party
from bema_py.roles.telling.sample import tell_sample
from bema_py.roles.telling.words import Telling

RunArgument = Annotated[
    Path | None, typer.Argument(help="A run directory; without it the profile's live chain.")
]
DEFAULT_PROFILE = Path("bema.toml")


def block(
    name: Annotated[str, typer.Argument(help="A height, or the beginning of a block hash with its 0x.")],
    run: RunArgument = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Tell who found a block, what it judged, changed and paid, and what became of it; it is recomputed for that.

    Exit code 5 or 6: some of it could not be told, because content is missing or malformed.

    Example: bema explain block 2 runs/demo
    """
    archive = open_archive(run, profile)
    story = block_story(archive, find_block(archive.history, name))
    answer(as_json, story, tell_block(story), story.gaps)


def sample(
    name: Annotated[str, typer.Argument(help="A sample id, or the beginning of it.")],
    run: RunArgument = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Tell who offered a sample, who owns it, and which block used it or why not, rule by rule.

    Example: bema explain sample 0x3f0a runs/demo
    """
    story = sample_story(open_archive(run, profile), name)
    answer(as_json, story, tell_sample(story), story.gaps)


def party(
    number: Annotated[int, typer.Argument(help="A party's number.")],
    run: RunArgument = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Tell how a party joined, what it holds, offered, found and earned, and whether it was suspended.

    Example: bema explain party 3 runs/demo
    """
    story = party_story(open_archive(run, profile), number)
    answer(as_json, story, tell_party(story), story.gaps)


def account(
    address: Annotated[str, typer.Argument(help="An Ethereum account, 0x and 40 hexadecimal digits.")],
    run: RunArgument = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Tell which party an account is, and all that it earned, claimed, took out and left as bonds.

    Example: bema explain account 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --profile party.toml
    """
    asked = Address(check_hex("ADDRESS", address, 20))
    story = account_story(open_archive(run, profile), asked)
    answer(as_json, story, tell_account(story), story.gaps)


def answer(as_json: bool, story: object, telling: Telling, gaps: Sequence[Gap]) -> None:
    """Print a story, and end with the exit code of the first thing that it had to leave out."""
    if as_json:
        values: dict[str, Any] = plain(story)
        emit(True, values, "")
    else:
        console.print(telling.title, style="bold", markup=False, soft_wrap=True)
        show_lines(telling)
    raise typer.Exit(gaps[0].exit_code if gaps else 0)


def show_lines(telling: Telling) -> None:
    """Print a story's sentences, and below them in full the names that they shorten."""
    for line in telling.lines:
        console.print(line, markup=False, soft_wrap=True)
    if telling.references:
        console.print("Names in full:", style="bold")
    # By kind, and within one as the sentences name them.
    for name, kind in sorted(telling.references.items(), key=lambda pair: pair[1]):
        console.print(f"  {kind:<12}{name}", markup=False, soft_wrap=True)
