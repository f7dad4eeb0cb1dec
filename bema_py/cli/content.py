"""`bema content`: what lies under a content identifier, in the profile's directory or on its IPFS nodes."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from multiformats import CID

from bema_py.cli.opening import open_network, open_nodes, open_store
from bema_py.cli.output import JsonOption, console, emit, progress, table
from bema_py.cli.profile import Profile, ProfileError, ProfileOption, load_profile
from bema_py.core.cid import DAG_CBOR, DAG_PB, cid_text, codec_of, digest_of, parse_cid
from bema_py.core.dag_pb import decode_node
from bema_py.core.errors import InputError, MalformedError
from bema_py.core.unixfs import CHUNK
from bema_py.roles.bundle.reach import reached_content
from bema_py.roles.holdings_check import Place, ask_places, place_of_node
from bema_py.storage.block_store import BlockStore
from bema_py.storage.content_store import ContentMissingError, ContentStore
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_store import IpfsStore

DEFAULT_PROFILE = Path("bema.toml")
CidArgument = Annotated[str, typer.Argument(help="A content identifier (CIDv1, base32).")]


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
            for block in blocks_of(store, name):
                store.pin(block)
                pinned += 1
    nodes = [node.address for node in store.nodes]
    emit(as_json, {"pinned": pinned, "nodes": nodes}, f"{pinned} blocks pinned on {', '.join(nodes)}")


def check(
    repair: Annotated[
        bool, typer.Option("--repair", help="Give every node what it lacks and somebody else has.")
    ] = False,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Ask each node by itself for everything that the network's history reaches, and verify what each gives.

    Exit code 6: somebody gave other bytes. Exit code 5: somebody lacks content, did not answer or has it not pinned.

    Example: bema content check --profile party.toml
    """
    network = open_network(load_profile(profile))
    store = network.store
    with progress(quiet=as_json) as bars:
        reached = reached_content(network.deployment, network.events(), store)
        content = list(bars.track((found.cid for found in reached), description="read"))
        places = _places(store)
        ask_places(places, bars.track(content, description="ask"))
        lacking = {cid for place in places for cid in place.lacking} if repair else set()
        if lacking and isinstance(store, IpfsStore):
            for cid in bars.track(sorted(lacking, key=cid_text), description="repair"):
                # What nobody has stays missing below; a node that keeps nothing is named by the error.
                with suppress(ContentMissingError):
                    store.pin(cid)
            places = _places(store)
            ask_places(places, bars.track(content, description="ask"))
    _show_places(places, len(content), as_json)


def _places(store: ContentStore) -> list[Place]:
    """Give who is asked: the nodes, or without any the directory. The cache holds what was read in any case."""
    if isinstance(store, IpfsStore):
        return [place_of_node(node) for node in store.nodes]
    return [Place("the profile's directory", store.get_block)]


def _show_places(places: Sequence[Place], count: int, as_json: bool) -> None:
    columns = ("place", "held", "pinned", "missing", "false", "failed")
    rows = [
        (p.name, p.held, "" if p.pins is None else p.pinned, len(p.missing), len(p.false), len(p.failed))
        for p in places
    ]
    plain = [
        dict(zip(columns, row, strict=True))
        | {"fault": place.fault, "lacking": [cid_text(cid) for cid in place.lacking]}
        for row, place in zip(rows, places, strict=True)
    ]
    title = f"the history reaches {count} blocks of content"
    emit(as_json, {"reached": count, "places": plain}, table(title, columns, rows))
    if not as_json:
        for place in places:
            if place.fault:
                console.print(f"{place.name}: {place.fault}", markup=False)
    if any(place.false for place in places):
        raise typer.Exit(MalformedError.exit_code)
    raise typer.Exit(0 if all(place.complete for place in places) else ContentMissingError.exit_code)


def _cache(profile: Profile) -> DirectoryStore:
    if not profile.content.nodes:
        raise ProfileError(profile.path, "content.nodes is empty; a directory keeps everything without pins")
    return DirectoryStore(profile.resolve(profile.content.directory))


def blocks_of(store: BlockStore, cid: CID) -> Iterator[CID]:
    """Yield what a content consists of, from the leaves up."""
    if codec_of(cid) == DAG_PB:
        for link in decode_node(store.get_block(cid, max_size=CHUNK)):
            yield from blocks_of(store, link.cid)
    yield cid
