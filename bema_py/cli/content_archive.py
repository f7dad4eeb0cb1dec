"""`bema content export`, `import`: contents in one file (CAR), for nodes and stores that cannot reach each other."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.content import DEFAULT_PROFILE, blocks_of
from bema_py.cli.opening import open_store
from bema_py.cli.output import JsonOption, emit
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.core.cid import parse_cid
from bema_py.core.errors import InputError
from bema_py.storage.car import read_header, read_sections, write_header, write_section


def export(
    cids: Annotated[list[str], typer.Argument(help="Content identifiers; of a file, all its blocks.")],
    out: Annotated[Path, typer.Option(help="The archive to write; it must not exist.")],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Write contents into one archive (CAR version 1); the same contents give the same bytes.

    Example: bema content export bafyrei... --out model.car --profile party.toml
    """
    roots = [parse_cid(text) for text in cids]
    store = open_store(load_profile(profile))
    # All is fetched before a byte is written.
    blocks = {cid: store.get_block(cid) for root in roots for cid in blocks_of(store, root)}
    try:
        with out.open("xb") as file:
            try:
                write_header(file, roots)
                for cid, data in blocks.items():
                    write_section(file, cid, data)
            except BaseException:
                with suppress(OSError):
                    out.unlink()
                raise
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror})") from error
    emit(as_json, {"blocks": len(blocks), "out": str(out)}, f"{out}: {len(blocks)} blocks")


def import_archive(
    archive: Annotated[Path, typer.Argument(help="A content archive (CAR version 1).")],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Store every block of an archive, each held to its identifier, and pin it on the profile's IPFS nodes.

    Example: bema content import model.car --profile party.toml
    """
    store, count = open_store(load_profile(profile)), 0
    try:
        with archive.open("rb") as file:
            read_header(file)
            for section in read_sections(file):
                store.put_block(section.cid, section.data)
                count += 1
    except OSError as error:
        raise InputError(f"{archive} cannot be read ({error.strerror})") from error
    emit(as_json, {"blocks": count}, f"{count} blocks stored")
