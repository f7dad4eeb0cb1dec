"""`bema index`: the file of events that were read before."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress as Bars

from bema_py.chain.deployment import open_contract
from bema_py.chain.deployment_file import load_deployment
from bema_py.chain.event_index import EventIndex, Progress, open_index
from bema_py.chain.index_check import compare_with_chain
from bema_py.cli.chain_settings import open_chain
from bema_py.cli.opening import index_path
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
    with open_index_of(settings, path, rebuild) as opened:
        with progress(as_json) as bars:
            update = opened.update(bar(bars, "reading blocks"))
            if verify:
                compare_with_chain(opened, bar(bars, "reading again"))
        values = {
            "index": str(path),
            "logs": opened.size(),
            "reaches_block": update.reaches,
            "added": update.added,
            "forgotten": update.forgotten,
            "verified": verify,
            "bytes": opened.file.bytes(),
        }
    text = (
        f"{path}: {values['logs']} logs up to block {update.reaches}; {update.added} added, "
        f"{update.forgotten} forgotten{', the same as read again' if verify else ''}"
    )
    emit(as_json, values, text)


def open_index_of(profile: Profile, path: Path, rebuild: bool) -> EventIndex:
    """Open the index of the profile's deployment."""
    deployment = load_deployment(profile.resolve(profile.chain.deployment))
    contract = open_contract(open_chain(profile), deployment)
    return open_index(path, contract.chain, deployment.address, deployment.block_number, rebuild=rebuild)


def bar(bars: Bars, name: str) -> Progress:
    """Add a bar, and give what moves it."""
    task = bars.add_task(name)
    return lambda _, done, total: bars.update(task, completed=done, total=total)
