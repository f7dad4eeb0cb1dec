"""`bema index`: the file of events that were read before."""

from pathlib import Path
from typing import Annotated

import typer

from bema_py.chain.deployment import open_contract
from bema_py.chain.deployment_file import load_deployment
from bema_py.chain.event_index import EventIndex, IndexMismatchError, open_index, remove_index
from bema_py.chain.event_reader import read_events
from bema_py.cli.opening import index_path, open_chain
from bema_py.cli.output import JsonOption, emit, progress
from bema_py.cli.profile import Profile, ProfileError, ProfileOption, load_profile


def index(
    profile: ProfileOption = Path("bema.toml"),
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Forget what was read and begin anew.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read the chain again and compare.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the profile's event index up to date; every command that needs events does so by itself.

    Example: bema index --profile auditor.toml --verify
    """
    settings = load_profile(profile)
    path = index_path(settings)
    if path is None:
        raise ProfileError(settings.path, 'chain.index is "off": there is no index')
    if rebuild:
        remove_index(path)
    with open_index_of(settings, path) as opened:
        with progress(as_json) as bars:
            task = bars.add_task("reading blocks")
            update = opened.update(lambda _, done, total: bars.update(task, completed=done, total=total))
        if verify:
            compare(opened)
        values = {
            "index": str(path),
            "logs": opened.size(),
            "reaches_block": update.reaches,
            "added": update.added,
            "forgotten": update.forgotten,
            "verified": verify,
            "bytes": path.stat().st_size,
        }
    text = (
        f"{path}: {values['logs']} logs up to block {update.reaches}; {update.added} added, "
        f"{update.forgotten} forgotten{', the same as read again' if verify else ''}"
    )
    emit(as_json, values, text)


def open_index_of(profile: Profile, path: Path) -> EventIndex:
    """Open the index of the profile's deployment."""
    deployment = load_deployment(profile.resolve(profile.chain.deployment))
    contract = open_contract(open_chain(profile), deployment)
    return open_index(path, contract.chain, deployment.address, deployment.block_number)


def compare(opened: EventIndex) -> None:
    """Read the chain as far as the index reaches; raises IndexMismatchError where they differ."""
    read = list(read_events(opened.chain, opened.contract, opened.first, opened.reaches()))
    indexed = opened.events()
    for number, (one, other) in enumerate(zip(indexed, read, strict=False)):
        if one != other:
            raise IndexMismatchError(opened.path, number, one.position.block_number)
    if len(indexed) != len(read):
        shorter = min(len(indexed), len(read))
        raise IndexMismatchError(opened.path, shorter, opened.reaches())
