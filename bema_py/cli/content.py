"""`bema content`: what lies under a content identifier, in the profile's directory or on its IPFS nodes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from multiformats import CID

from bema_py.cli.opening import open_nodes, open_store
from bema_py.cli.output import JsonOption, emit, progress
from bema_py.cli.profile import Profile, ProfileError, ProfileOption, load_profile
from bema_py.core.cid import DAG_CBOR, DAG_PB, cid_text, codec_of, digest_of, parse_cid
from bema_py.core.dag_pb import decode_node
from bema_py.core.errors import InputError
from bema_py.core.unixfs import CHUNK
from bema_py.storage.block_store import BlockStore
from bema_py.storage.directory_store import DirectoryStore

app = typer.Typer(no_args_is_help=True)

DEFAULT_PROFILE = Path("bema.toml")
CidArgument = Annotated[str, typer.Argument(help="A content identifier (CIDv1, base32).")]


@app.command()
def get(
    cid: CidArgument,
    out: Annotated[Path, typer.Option(help="Where to write what lies under it.")],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Fetch a file or an object, verified to its last byte, and write it.

    Example: bema content get bafkrei... --out model.safetensors --profile party.toml
    """
    name = parse_cid(cid)
    store = open_store(load_profile(profile))
    data = store.get_object(digest_of(name)) if codec_of(name) == DAG_CBOR else store.get_file(name)
    try:
        out.write_bytes(data)
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror})") from error
    emit(as_json, {"cid": cid, "bytes": len(data), "out": str(out)}, f"{out}: {len(data)} bytes")


@app.command()
def put(
    file: Annotated[
        Path, typer.Argument(help="The file to store; whoever learns its identifier can read it.")
    ],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Store a file as UnixFS, pinned on every IPFS node of the profile, and print its identifier.

    What was published cannot be called back: other nodes may hold it by then.

    Example: bema content put notes.pdf --profile party.toml
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error
    cid = cid_text(open_store(load_profile(profile)).put_file(data))
    emit(as_json, {"cid": cid, "bytes": len(data)}, cid)


@app.command()
def pin(
    cids: Annotated[list[str], typer.Argument(help="Content identifiers; of a file, all its blocks.")],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Make every IPFS node of the profile hold and pin contents, whichever of them or the cache has them.

    Example: bema content pin bafyrei... bafybei... --profile party.toml
    """
    settings = load_profile(profile)
    names = [parse_cid(text) for text in cids]
    store = open_nodes(settings, _cache(settings))
    pinned = 0
    with progress(quiet=as_json) as bars:
        for name in bars.track(names, description="pin"):
            for block in _blocks_of(store, name):
                store.pin(block)
                pinned += 1
    nodes = [node.address for node in store.nodes]
    emit(as_json, {"pinned": pinned, "nodes": nodes}, f"{pinned} blocks pinned on {', '.join(nodes)}")


def _cache(profile: Profile) -> DirectoryStore:
    if not profile.content.nodes:
        raise ProfileError(profile.path, "content.nodes is empty; a directory keeps everything without pins")
    return DirectoryStore(profile.resolve(profile.content.directory))


def _blocks_of(store: BlockStore, cid: CID) -> Iterator[CID]:
    """Yield what a content consists of, from the leaves up."""
    if codec_of(cid) == DAG_PB:
        for link in decode_node(store.get_block(cid, max_size=CHUNK)):
            yield from _blocks_of(store, link.cid)
    yield cid
