"""`bema history`: the lineage of a party's model."""

from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.explain import DEFAULT_PROFILE, RunArgument, show_lines
from bema_py.cli.opening import open_archive
from bema_py.cli.output import JsonOption, console, emit, table
from bema_py.cli.profile import ProfileOption
from bema_py.learning.sources import load_dataset
from bema_py.roles.stories.facts import plain, utc
from bema_py.roles.stories.lineage import Lineage, ModelChange, lineage, with_effect, with_steps
from bema_py.roles.stories.party import find_party
from bema_py.roles.telling.words import Telling, count, sequence


def party(
    number: Annotated[int, typer.Argument(help="A party's number.")],
    run: RunArgument = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="Recompute the blocks and count the model's steps.")
    ] = False,
    data: Annotated[
        str, typer.Option(help="Measure each model on a data set's test part: digits, mnist or a .npz file.")
    ] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Where the MNIST files lie.")] = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Show every block that changed a party's model, with the digests before and after.

    With --data the accuracy of each model alone on the samples of the classes that the party holds.

    Example: bema history party 3 runs/demo --steps --data digits
    """
    archive = open_archive(run, profile)
    found = find_party(archive, number)
    moves = lineage(archive, found)
    if steps:
        moves = with_steps(archive, found, moves)
    if data:
        moves = with_effect(archive, found, moves, load_dataset(data, data_dir).test)
    if as_json:
        emit(True, plain(moves), "")
    else:
        _show(moves, steps, bool(data))
    raise typer.Exit(moves.gaps[0].exit_code if moves.gaps else 0)


def _show(moves: Lineage, steps: bool, effect: bool) -> None:
    """Print the table: the registration, then a row for each change, with the columns that were asked for."""
    tell = Telling(f"The model of party {moves.who.party}")
    columns = ["block", "time", "old model", "new model", *(["steps"] if steps else [])]
    columns += ["accuracy"] if effect else []
    first = ["", utc(moves.registered.time), "registered", tell.name("model", moves.first)]
    rows = [[*first, *([""] if steps else []), *([_share(moves.accuracy)] if effect else [])]]
    rows += [_row(tell, change, steps, effect) for change in moves.changes]
    console.print(table(tell.title, columns, rows))
    if steps:
        tell.say("Of the steps, + ones enhanced a class and - ones impaired one.")
    if moves.undone:
        heights = sequence(str(change.height) for change in moves.undone)
        tell.say(
            f"{count(len(moves.undone), 'change')} by blocks that left the chain, undone with them: {heights}."
        )
    tell.leave_out(moves.gaps)
    show_lines(tell)


def _row(tell: Telling, change: ModelChange, steps: bool, effect: bool) -> list[str]:
    models = [tell.name("model", change.old), tell.name("model", change.new)]
    taken = [_steps(change)] if steps else []
    share = [_share(change.accuracy_after)] if effect else []
    return [str(change.height), utc(change.moment.time), *models, *taken, *share]


def _steps(change: ModelChange) -> str:
    known = change.enhanced is not None and change.impaired is not None
    return f"+{change.enhanced} -{change.impaired}" if known else "not known"


def _share(share: float | None) -> str:
    return "not known" if share is None else f"{100 * share:.2f} %"
