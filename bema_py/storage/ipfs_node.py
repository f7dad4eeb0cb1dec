"""One IPFS node over its RPC interface: blocks by identifier, every answer verified, every failure named."""

import io
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from ipfshttpclient import Client
from ipfshttpclient.exceptions import AddressError, ErrorResponse
from ipfshttpclient.exceptions import Error as ClientError
from ipfshttpclient.exceptions import TimeoutError as ClientTimeoutError
from ipfshttpclient.http_common import multiaddr_to_url_data
from multiformats import CID
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from bema_py.core.cid import (
    DAG_CBOR,
    DAG_PB,
    RAW,
    CidBytesError,
    CidTextError,
    cid_from_bytes,
    cid_text,
    codec_of,
    parse_cid,
    verify,
)
from bema_py.core.errors import BemaError, InputError
from bema_py.storage.bounded_client import AnswerTooLargeError, DeadlineError, call
from bema_py.storage.content_store import MAX_OBJECT_SIZE

_FORMATS = {RAW: "raw", DAG_PB: "dag-pb", DAG_CBOR: "dag-cbor"}
_SMALL_ANSWER = 2**16
LOCAL_SECONDS = 5
"""What a node may take to find a block that it holds itself; Kubo says at once if it does not, js-ipfs never does."""

_ABSENT = re.compile(r"not found|could not find|no such|not pinned|timed out|deadline", re.IGNORECASE)
_LONGEST_NAME = 80
"""Characters of an identifier of ours in a base of 16 or more; reading takes the square of their number."""
_PINNED_ALREADY = "already pinned"
# What a node's answer can do to a client that trusts its form: not JSON, two values, missing keys, too deep.
_SENSELESS = (AssertionError, KeyError, TypeError, ValueError, RecursionError, AttributeError)


class NodeAddressError(InputError):
    """A node's address is not a multiaddress that a client can reach over HTTP."""

    def __init__(self, address: str) -> None:
        """Keep the address."""
        self.address = address
        super().__init__(
            f"{address!r} is not the address of an IPFS node's API, such as /ip4/127.0.0.1/tcp/5001"
        )


class NodeFaultError(BemaError):
    """A node did not do what it was asked for."""

    exit_code = 5

    def __init__(self, address: str, reason: str) -> None:
        """Keep the node's address and the reason."""
        self.address, self.reason = address, reason
        super().__init__(f"node {address} {reason}")


class NodeAbsentError(NodeFaultError):
    """The node answers that it does not have the content."""


class NodeLiesError(NodeFaultError):
    """The node sent bytes that the identifier does not name, or more than any content has."""


class NodeUnreachableError(NodeFaultError):
    """The node did not answer, or not in time, or with an error; it may do so later."""


@dataclass(frozen=True)
class IpfsNode:
    """A node's API by its multiaddress; plain data, so that processes can hand it on.

    idle_timeout: seconds to connect, and without a byte beyond what the node may search for; timeout: seconds for a
    whole exchange beyond that; search_seconds: for a search among the node's peers.
    """

    address: str
    idle_timeout: float = 10.0
    timeout: float = 60.0
    search_seconds: int = 30

    def __post_init__(self) -> None:
        """Refuse an address that no client could reach."""
        try:
            multiaddr_to_url_data(self.address, "/")
        except (AddressError, *_SENSELESS) as error:
            raise NodeAddressError(self.address) from error

    def get(self, cid: CID, *, search: bool) -> bytes:
        """Give a verified block; with search the node may look for it among its peers.

        Reads up to the size of the largest object whatever the reader allows: only bytes that match their
        identifier prove that a content is too large, else a node could void it by padding.
        """
        seconds = self.search_seconds if search else LOCAL_SECONDS
        options = {"timeout": f"{seconds}s"}

        def question(client: Client) -> Any:
            return client.block.get(cid_text(cid), offline=not search, opts=options)

        data = self._ask(question, MAX_OBJECT_SIZE, seconds)
        if not verify(cid, data):
            raise NodeLiesError(self.address, f"sent {len(data)} bytes that are not {cid_text(cid)}")
        return bytes(data)

    def put(self, cid: CID, data: bytes) -> None:
        """Let the node keep a block and pin it, so that its garbage collection leaves it."""
        options = {
            # Kubo takes the older name too; js-ipfs takes only that.
            "format": _FORMATS[codec_of(cid)],
            "mhtype": "sha2-256",
            "version": "1",
            "allow-big-block": "true",
        }
        answer = self._ask(lambda client: client.block.put(io.BytesIO(data), opts=options)["Key"])
        if _read_cid(answer) != cid:
            raise NodeLiesError(self.address, f"kept {cid_text(cid)} as {str(answer)[:80]!r}")
        self.pin(cid)

    def pin(self, cid: CID) -> None:
        """Pin one block that the node has, alone: what it links to is pinned as content of its own."""

        def question(client: Client) -> Any:
            return client.pin.add(cid_text(cid), recursive=False)

        try:
            self._ask(question)
        except NodeFaultError as error:
            if _PINNED_ALREADY not in error.reason:
                raise

    def unpin(self, cid: CID) -> None:
        """Take a block's pin back; copies elsewhere stay, and this node's too until it collects garbage."""
        self._ask(lambda client: client.pin.rm(cid_text(cid), recursive=False))

    def has(self, cid: CID) -> bool:
        """Ask whether the node itself holds a block, which is no more than its word; raises NodeFaultError."""
        options = {"timeout": f"{LOCAL_SECONDS}s"}

        def question(client: Client) -> Any:
            return client.block.stat(cid_text(cid), offline=True, opts=options)["Size"]

        try:
            self._ask(question, seconds=LOCAL_SECONDS)
        except NodeAbsentError:
            return False
        return True

    def pins(self) -> frozenset[CID]:
        """Give the blocks that the node says it has pinned by themselves or with all below them."""
        found: set[CID] = set()
        for kind in ("direct", "recursive"):
            keys = self._ask(partial(_pinned, kind), MAX_OBJECT_SIZE)
            found.update(cid for cid in map(_read_cid, keys) if cid is not None)
        return frozenset(found)

    def version(self) -> str:
        """Give the version that the node names."""
        return str(self._ask(lambda client: client.version()["Version"]))[:40]

    def _ask(
        self, question: Callable[[Client], Any], limit: int = _SMALL_ANSWER, seconds: float = 0.0
    ) -> Any:
        """Ask once; every way to fail becomes a NodeFaultError that names this node.

        limit: bytes of the answer; seconds: what the node was allowed to search.
        """
        idle, whole = self.idle_timeout + seconds, self.timeout + seconds
        try:
            return call(self.address, idle, whole, limit, question)
        except DeadlineError as error:
            raise NodeUnreachableError(self.address, f"was not done in {whole:g} seconds") from error
        except AnswerTooLargeError as error:
            raise NodeLiesError(self.address, f"sent more than {limit} bytes") from error
        except ErrorResponse as error:
            reason = f"answers {str(error)[:200]!r}"
            kind = NodeAbsentError if _ABSENT.search(reason) else NodeUnreachableError
            raise kind(self.address, reason) from error
        except ClientTimeoutError as error:
            reason = f"sent nothing for {idle:g} seconds"
            raise NodeUnreachableError(self.address, reason) from error
        except (ClientError, RequestException, HTTPError, OSError) as error:
            raise NodeUnreachableError(self.address, f"cannot be asked: {_cause(error)}") from error
        except _SENSELESS as error:
            raise NodeLiesError(self.address, "does not answer like an IPFS node") from error


def _pinned(kind: str, client: Client) -> list[Any]:
    # In whatever base the node likes: js-ipfs refuses to name somebody's pins of version 0 in base32.
    return list(client.pin.ls(type=kind)["Keys"])


def _read_cid(answer: object) -> CID | None:
    """Read a node's name of a block, in any base, None where it is none of ours."""
    text = str(answer)
    with suppress(CidTextError):
        return parse_cid(text)
    if len(text) <= _LONGEST_NAME:
        with suppress(CidBytesError, ValueError, LookupError):
            return cid_from_bytes(bytes(CID.decode(text)))
    return None


def _cause(error: BaseException) -> str:
    """Give the innermost reason, which is the one that a person can act on."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return (str(error) or type(error).__name__)[:200]
