"""`bema export`: one deterministic set of files that holds a history and its proofs."""

from pathlib import Path
from typing import Annotated

import typer

from bema_py.chain.connection import embedded
from bema_py.chain.deployment import open_contract
from bema_py.chain.deployment_file import load_deployment
from bema_py.cli.chain_settings import open_chain
from bema_py.cli.opening import open_store
from bema_py.cli.output import JsonOption, emit, watched
from bema_py.cli.profile import load_profile
from bema_py.core.errors import InputError
from bema_py.core.types import hex0x
from bema_py.demo.settings import JOURNAL
from bema_py.learning.progress import Progress
from bema_py.roles.bundle.writing import Exported, export_chain, export_events
from bema_py.roles.run_record import read_run

MISSING = 5


def export(
    out: Annotated[Path, typer.Argument(help="The directory to write; it must not exist.")],
    run: Annotated[
        Path | None, typer.Option("--run", help="A run directory; without it the profile's live chain.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", min=0, help="The last Ethereum block; without it the newest.")
    ] = None,
    profile: Annotated[Path, typer.Option("--profile", "-p", help="The profile of a live network.")] = Path(
        "bema.toml"
    ),
    as_json: JsonOption = False,
) -> None:
    """Write a bundle: events with the headers and receipts that prove them, and all content. No key is needed.

    The same history gives the same bytes. The bundle appears whole or not at all; after an
    interruption the same command goes on. Exit code 5: the store lacked
    content, which the manifest lists; everything else is in the bundle.

    Example: bema export evidence --profile miner.toml
    """
    with watched("export", as_json) as moved:
        exported = (
            _export_live(out, profile, last, moved) if run is None else _export_run(out, run, last, moved)
        )
    emit(as_json, _plain(exported), _text(out, exported))
    raise typer.Exit(MISSING if exported.manifest.missing else 0)


def _export_live(out: Path, profile: Path, last: int | None, moved: Progress) -> Exported:
    settings = load_profile(profile)
    deployment = load_deployment(settings.resolve(settings.chain.deployment))
    with open_chain(settings) as chain:
        open_contract(chain, deployment)
        return export_chain(chain, deployment, open_store(settings), out, last=last, progress=moved)


def _export_run(out: Path, run: Path, last: int | None, moved: Progress) -> Exported:
    """Export with the proofs of the embedded chain where the run has its journal, else what the run states."""
    if not run.is_dir():
        raise InputError(f"{run} is not a run directory")
    record = read_run(run)
    if (run / JOURNAL).is_file():
        with embedded(run / JOURNAL, read_only=True) as chain:
            return export_chain(chain, record.deployment, record.store, out, last=last, progress=moved)
    if last is not None:
        raise InputError(
            f"{run} has no journal of a chain, so --last means nothing: it is exported without proofs"
        )
    return export_events(record.deployment, record.events, record.store, out, moved)


def _plain(exported: Exported) -> dict[str, object]:
    manifest = exported.manifest
    number, name = manifest.anchor or (None, None)
    return {
        "manifest": exported.digest.hex(),
        "chain_id": manifest.chain_id,
        "contract": hex0x(manifest.contract),
        "last_block": number,
        "last_block_hash": name and hex0x(name),
        "events": manifest.events,
        "objects": exported.objects,
        "bytes": exported.size,
        "missing": list(manifest.missing),
    }


def _text(out: Path, exported: Exported) -> str:
    manifest = exported.manifest
    lines = [
        f"{out}: {manifest.events} events and {exported.objects} blocks of content, {exported.size / 1e6:.1f} MB",
        f"manifest {exported.digest.hex()}",
    ]
    if manifest.anchor is None:
        lines.append("no chain was at hand: the events are stated, not proved (level events)")
    else:
        number, name = manifest.anchor
        lines.append(
            f"proved up to Ethereum block {number}, {hex0x(name)}: an auditor gets that hash elsewhere"
        )
    if manifest.missing:
        lines.append(
            f"{len(manifest.missing)} blocks of content are missing in the store; manifest.json lists them"
        )
    return "\n".join(lines)
