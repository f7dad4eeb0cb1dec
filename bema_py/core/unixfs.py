"""Files as UnixFS: the blocks and the identifier that Kubo's unixfs-v1-2025 profile gives.

Raw leaves of 1 MiB, at most 1024 links a node, a balanced tree; a file of one chunk is one raw block.
"""

from collections.abc import Callable, Iterator, Sequence

from multiformats import CID

from bema_py.core.cid import DAG_PB, RAW, cid_text, codec_of, node_cid, raw_cid
from bema_py.core.dag_pb import FileLink, decode_node, encode_node
from bema_py.core.errors import MalformedError
from bema_py.core.hashing import sha256

CHUNK = 2**20
MAX_LINKS = 1024

Block = tuple[CID, bytes]
GetBlock = Callable[[CID], bytes]
"""Gives the bytes that an identifier names, verified against it, or an error of its own."""


class FileTooLargeError(MalformedError):
    """A file is larger than its reader allows."""

    def __init__(self, cid: CID, size: int, limit: int) -> None:
        """Keep the file's identifier, the size it declares and the limit, in bytes."""
        self.cid = cid
        self.size = size
        self.limit = limit
        super().__init__(f"file {cid_text(cid)} has {size} bytes, limit {limit}")


class FileShapeError(MalformedError):
    """A file's blocks do not form the one tree that its bytes have."""

    def __init__(self, cid: CID, reason: str) -> None:
        """Keep the identifier of the block at fault and the reason."""
        self.cid = cid
        self.reason = reason
        super().__init__(f"file block {cid_text(cid)}: {reason}")


def import_file(data: bytes) -> tuple[CID, list[Block]]:
    """Give a file's identifier and its blocks, children before parents."""
    chunks = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)] or [b""]
    blocks = [(raw_cid(sha256(chunk)), chunk) for chunk in chunks]
    root, nodes = build_tree([FileLink(cid, len(chunk), len(chunk)) for cid, chunk in blocks])
    return root, blocks + nodes


def build_tree(links: Sequence[FileLink]) -> tuple[CID, list[Block]]:
    """Join leaves into a balanced tree, all leaves at one depth; gives its root and its inner nodes."""
    level = list(links)
    nodes: list[Block] = []
    while len(level) > 1:
        groups = [level[start : start + MAX_LINKS] for start in range(0, len(level), MAX_LINKS)]
        level = []
        for group in groups:
            block = encode_node(group)
            cid = node_cid(sha256(block))
            nodes.append((cid, block))
            total = len(block) + sum(link.total_size for link in group)
            level.append(FileLink(cid, sum(link.file_size for link in group), total))
    return level[0].cid, nodes


def read_file(cid: CID, get_block: GetBlock, max_size: int) -> bytes:
    """Read a file whose bytes give exactly this identifier.

    The declared size is checked before any leaf is fetched, and fixes the shape of the whole tree, so the
    blocks fetched are bounded by max_size whatever the nodes say. get_block's own errors pass through.
    Raises FileTooLargeError, FileShapeError, NodeError.
    """
    if codec_of(cid) == RAW:
        return _read_chunk(cid, get_block, max_size)
    size = sum(link.file_size for link in _node(cid, get_block))
    if size > max_size:
        raise FileTooLargeError(cid, size, max_size)
    data = b"".join(_leaves(cid, size, _depth(size), get_block))
    if import_file(data)[0] != cid:
        raise FileShapeError(cid, "the file's bytes have another identifier")
    return data


def _read_chunk(cid: CID, get_block: GetBlock, max_size: int) -> bytes:
    """Read a file of one raw block: its bytes are verified already, so they are read and hashed once."""
    data = get_block(cid)
    if len(data) > max_size:
        raise FileTooLargeError(cid, len(data), max_size)
    if len(data) > CHUNK:
        raise FileShapeError(cid, f"a file of {len(data)} bytes is no single block")
    return data


def _node(cid: CID, get_block: GetBlock) -> list[FileLink]:
    if codec_of(cid) != DAG_PB:
        raise FileShapeError(cid, "an inner node of a file must be dag-pb")
    return decode_node(get_block(cid))


def _depth(size: int) -> int:
    """Give the levels of inner nodes above the leaves of a file of so many bytes."""
    depth = 0
    while CHUNK * MAX_LINKS**depth < size:
        depth += 1
    return depth


def _leaves(cid: CID, size: int, depth: int, get_block: GetBlock) -> Iterator[bytes]:
    """Yield the leaves below a block that must hold so many bytes at this depth."""
    if depth == 0:
        if codec_of(cid) != RAW:
            raise FileShapeError(cid, "a leaf of a file must be raw")
        block = get_block(cid)
        if len(block) != size:
            raise FileShapeError(cid, f"a leaf has {len(block)} bytes, its place requires {size}")
        yield block
        return
    capacity = CHUNK * MAX_LINKS ** (depth - 1)
    links = _node(cid, get_block)
    if [link.file_size for link in links] != [min(capacity, size - i) for i in range(0, size, capacity)]:
        raise FileShapeError(cid, f"its children are not those of {size} bytes")
    for link in links:
        yield from _leaves(link.cid, link.file_size, depth - 1, get_block)
