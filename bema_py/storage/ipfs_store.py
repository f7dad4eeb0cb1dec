"""A content store over IPFS nodes, with a directory in front: what was read or written once is read there."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from multiformats import CID

from bema_py.core.cid import cid_text
from bema_py.core.errors import BemaError, InputError, MalformedError
from bema_py.storage.block_store import BlockStore
from bema_py.storage.content_store import ContentMissingError, ContentTooLargeError
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_node import (
    IpfsNode,
    NodeAbsentError,
    NodeFaultError,
    NodeLiesError,
    NodeUnreachableError,
)

_log = logging.getLogger(__name__)
_BACK_OFF_LIMIT = 30.0


class QuorumRangeError(InputError):
    """The number of nodes that must keep a content is none that the nodes can give."""

    def __init__(self, quorum: int, nodes: int) -> None:
        """Keep the quorum and the number of nodes."""
        self.quorum, self.nodes = quorum, nodes
        super().__init__(f"content.quorum is {quorum}, with {nodes} nodes it is 1 to {nodes}, or 0 for all")


class NodeTwiceError(InputError):
    """One node is listed twice, which would count as two copies."""

    def __init__(self, address: str) -> None:
        """Keep the address."""
        self.address = address
        super().__init__(f"content.nodes lists {address} twice")


class ContentUnavailableError(ContentMissingError):
    """No node gave the content, each for its own reason; that says nothing about its truth."""

    def __init__(self, cid: CID, faults: Sequence[NodeFaultError]) -> None:
        """Keep the identifier and every node's last fault."""
        super().__init__(cid)
        self.faults = tuple(faults)
        told = "; ".join(map(str, faults))
        self.args = (f"content {cid_text(cid)} is missing: {told}",)


class ContentNotKeptError(BemaError):
    """Fewer nodes than wanted keep a content, so it must not be relied on."""

    exit_code = 5

    def __init__(self, cid: CID, kept: int, wanted: int, faults: Sequence[NodeFaultError]) -> None:
        """Keep the identifier, how many nodes keep it, how many should, and the others' faults."""
        self.cid, self.kept, self.wanted, self.faults = cid, kept, wanted, tuple(faults)
        told = "; ".join(map(str, faults))
        super().__init__(f"content {cid_text(cid)} is kept by {kept} nodes, {wanted} are wanted: {told}")


@dataclass(frozen=True)
class Retries:
    """How often a node that does not answer is asked, and the seconds before the second time; they double."""

    attempts: int = 3
    back_off: float = 0.5
    sleep: Callable[[float], None] = time.sleep

    def pause(self, attempt: int) -> None:
        """Wait before the next attempt."""
        self.sleep(min(self.back_off * 2**attempt, _BACK_OFF_LIMIT))


class IpfsStore(BlockStore):
    """Blocks on several nodes, pinned; the next node is asked where one is slow, lies or lacks the content.

    quorum: nodes that must keep a block before a write is done, 0 for all. search: nodes may look for
    content among their peers when none of them has it. Any number of threads and processes may share one.
    """

    def __init__(
        self,
        nodes: Sequence[IpfsNode],
        cache: DirectoryStore,
        *,
        quorum: int = 0,
        search: bool = True,
        retries: Retries | None = None,
    ) -> None:
        if not nodes or not 0 <= quorum <= len(nodes):
            raise QuorumRangeError(quorum, len(nodes))
        for node in nodes:
            if [each.address for each in nodes].count(node.address) > 1:
                raise NodeTwiceError(node.address)
        self.nodes = tuple(nodes)
        self.cache = cache
        self._quorum = quorum or len(self.nodes)
        self._search = search
        self._retries = retries or Retries()
        self._demerits = dict.fromkeys(self.nodes, 0)

    def has_block(self, cid: CID) -> bool:
        """Say whether the cache or a node that answers holds this block, without reading it."""
        if self.cache.has_block(cid):
            return True
        for node in self.nodes:
            with suppress(NodeFaultError):
                if node.has(cid):
                    return True
        return False

    def blocks(self) -> Iterator[CID]:
        """Give all blocks of the cache and those that a node has pinned; a node that fails is an error."""
        known = set(self.cache.blocks()).union(*(node.pins() for node in self.nodes))
        return iter(sorted(known, key=cid_text))

    def pin(self, cid: CID) -> None:
        """Pin a block on every node; a node that lacks it gets it."""
        self._write(cid, self.get_block(cid))

    def _write(self, cid: CID, data: bytes) -> None:
        """Give a block to the nodes first: the cache alone would only look as if it were published."""
        faults = [fault for fault in (self._put(node, cid, data) for node in self.nodes) if fault]
        kept = len(self.nodes) - len(faults)
        if kept < self._quorum:
            raise ContentNotKeptError(cid, kept, self._quorum, faults)
        for fault in faults:
            _log.warning("content %s is not kept by every node: %s", cid_text(cid), fault)
        self.cache.put_block(cid, data)

    def _put(self, node: IpfsNode, cid: CID, data: bytes) -> NodeFaultError | None:
        """Write to one node, more than once where it does not answer; returns what went wrong at last."""
        for attempt in range(self._retries.attempts):
            try:
                node.put(cid, data)
                return None
            except NodeUnreachableError as error:
                fault: NodeFaultError = error
            except NodeFaultError as error:
                return error
            if attempt + 1 < self._retries.attempts:
                self._retries.pause(attempt)
        return fault

    def _read(self, cid: CID, max_size: int) -> bytes:
        data = self._cached(cid)
        if data is None:
            data = self._fetch(cid)
            self.cache.put_block(cid, data)
        if len(data) > max_size:
            raise ContentTooLargeError(cid, len(data), max_size)
        return data

    def _cached(self, cid: CID) -> bytes | None:
        """Give what the cache holds; a damaged block is fetched anew, which heals it."""
        try:
            return self.cache.get_block(cid)
        except (ContentMissingError, MalformedError):
            return None

    def _fetch(self, cid: CID) -> bytes:
        """Ask node after node: first for what each holds itself, which is quick, then with a search among peers."""
        faults: dict[IpfsNode, NodeFaultError] = {}
        for search in (False, True) if self._search else (False,):
            data = self._fetch_from(cid, search, faults)
            if data is not None:
                return data
        raise ContentUnavailableError(cid, list(faults.values()))

    def _fetch_from(self, cid: CID, search: bool, faults: dict[IpfsNode, NodeFaultError]) -> bytes | None:
        """Ask all nodes, those that do not answer again after a pause; None where no node gives the block."""
        # A node that lied about this block may lie again: it is asked once.
        asked = [node for node in self.nodes if not isinstance(faults.get(node), NodeLiesError)]
        asked.sort(key=lambda node: self._demerits[node])
        for attempt in range(self._retries.attempts):
            for node in asked:
                try:
                    return node.get(cid, search=search)
                except NodeFaultError as error:
                    faults[node] = error
                    self._note(node, cid, error)
            asked = [node for node in asked if isinstance(faults[node], NodeUnreachableError)]
            if not asked or search:
                return None
            if attempt + 1 < self._retries.attempts:
                self._retries.pause(attempt)
        return None

    def _note(self, node: IpfsNode, cid: CID, error: NodeFaultError) -> None:
        """Ask a node that fails or lies after the others from now on, and say so once."""
        if isinstance(error, NodeAbsentError):
            return
        if not self._demerits[node]:
            _log.warning("content %s: %s", cid_text(cid), error)
        self._demerits[node] += 1
