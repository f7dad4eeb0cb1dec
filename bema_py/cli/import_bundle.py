"""`bema import`: put a bundle's content back into a store, or a whole run directory."""

from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.output import JsonOption, emit, watched
from bema_py.core.checks import check_hex
from bema_py.core.errors import InputError
from bema_py.core.types import Address, Digest
from bema_py.learning.progress import Progress
from bema_py.roles.bundle.anchors import Wanted
from bema_py.roles.bundle.layout import is_bundle
from bema_py.roles.bundle.restoring import Restored, import_content, import_run
from bema_py.storage.directory_store import DirectoryStore

MISSING = 5


def import_bundle(
    bundle: Annotated[Path, typer.Argument(help="The bundle's directory.")],
    into: Annotated[Path | None, typer.Option(help="The content directory to put the content into.")] = None,
    run: Annotated[Path | None, typer.Option(help="A new run directory to restore the history into.")] = None,
    manifest: Annotated[str, typer.Option(help="The bundle's manifest digest, kept elsewhere.")] = "",
    chain_id: Annotated[int | None, typer.Option(help="The chain that the bundle must be about.")] = None,
    contract: Annotated[str, typer.Option(help="The contract that the bundle must be about.")] = "",
    block_hash: Annotated[str, typer.Option(help="An Ethereum block hash obtained elsewhere.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Put a bundle's content back into a store (--into), or restore a run directory (--run) for other commands.

    Each block of content is held to its identifier. A run is restored only from a bundle in which nothing is false.
    Exit code 5: the bundle itself lacks content.

    Example: bema import evidence --into content
    """
    if (into is None) == (run is None):
        raise InputError("either --into STORE or --run DIRECTORY says where the bundle goes")
    if not is_bundle(bundle):
        raise InputError(f"{bundle} is not a bundle")
    wanted = Wanted(
        chain_id,
        Address(check_hex("--contract", contract, 20)) if contract else None,
        check_hex("--block-hash", block_hash, 32) if block_hash else None,
    )
    pinned = Digest(check_hex("--manifest", manifest, 32)) if manifest else None
    if into is not None and (pinned or wanted != Wanted()):
        raise InputError("--into takes content alone, which its identifiers prove; anchors belong to --run")
    with watched("import", as_json) as moved:
        done = _import(bundle, into, run, wanted, pinned, moved)
    emit(as_json, _plain(done), _text(into or run, done))
    raise typer.Exit(MISSING if done.missing else 0)


def _import(
    bundle: Path, into: Path | None, run: Path | None, wanted: Wanted, pinned: Digest | None, moved: Progress
) -> Restored:
    if run is not None:
        return import_run(bundle, run, wanted, pinned, moved)
    return import_content(bundle, DirectoryStore(into or Path()), moved)


def _plain(done: Restored) -> dict[str, object]:
    anchors = {"anchors": done.anchors.to_plain()} if done.anchors else {}
    run = {"manifest": done.run.hex()} if done.run else {}
    return anchors | run | {"objects": done.objects, "missing": list(done.missing)}


def _text(target: Path | None, done: Restored) -> str:
    lines = [*(done.anchors.lines() if done.anchors else ()), f"{target}: {done.objects} blocks of content"]
    if done.run:
        lines.append(
            f"manifest {done.run.hex()}; `bema audit {target} --manifest {done.run.hex()}` checks the run"
        )
    if done.missing:
        lines.append(
            f"{len(done.missing)} blocks of content are missing in the bundle; its manifest.json lists them"
        )
    return "\n".join(lines)
