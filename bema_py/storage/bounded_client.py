"""An IPFS client for nodes that may be slow, endless or hostile: a deadline for each exchange, a cap on each answer."""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Timer
from types import TracebackType
from typing import Any

from ipfshttpclient import Client
from ipfshttpclient.http_requests import ClientSync
from ipfshttpclient.requests_wrapper import HTTPAdapter, PoolManager

PART = 2**16
BASE = "api/v0"


class DeadlineError(Exception):
    """The whole exchange took longer than it may."""


class AnswerTooLargeError(Exception):
    """The node sent more than the answer may have."""


class Deadline:
    """Cuts every connection of one exchange when its seconds are over, whatever the exchange is waiting for.

    A timeout of the socket is not enough: it starts again with each byte, so a node could drip for years.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = Lock()
        self._watched: list[socket.socket] = []
        self.passed = False

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection too; a copy of its descriptor reaches it under TLS as well."""
        with self._lock:
            self._watched.append(connection.dup())
            if self.passed:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            self._shut()

    def _shut(self) -> None:
        for connection in self._watched:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Deadline":
        """Start the clock."""
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock and let the connections go."""
        self._timer.cancel()
        with self._lock:
            for connection in self._watched:
                connection.close()


def call(address: str, idle: float, seconds: float, limit: int, question: Callable[[Client], Any]) -> Any:
    """Ask a node one question over a connection of its own, so that threads and processes share nothing.

    address: a multiaddress; idle: seconds without a byte; seconds: for the whole exchange; limit: bytes of the answer.
    Raises DeadlineError, AnswerTooLargeError and whatever the client raises.
    """
    with Deadline(seconds) as deadline:
        # Not by `connect`, which refuses every daemon since 0.8.0 for its version; nothing used here has changed.
        client = Client(address, BASE, timeout=idle)
        client._client = _Backend(address, BASE, timeout=idle)
        client._client.bounds = (deadline, limit)
        try:
            answer = question(client)
        except Exception as error:
            if deadline.passed:
                raise DeadlineError from error
            raise
        # A cut connection can look like an answer that is over.
        if deadline.passed:
            raise DeadlineError
        return answer


class _Backend(ClientSync):  # type: ignore[misc]
    """The client's own HTTP, with bounds; ipfshttpclient reads an answer whole, whatever its length."""

    __slots__ = ("bounds",)

    def _make_session(self) -> Any:
        session = super()._make_session()
        # No proxy and no password of the environment: the profile says which node is asked, and how.
        session.trust_env = False
        session.headers["Accept-Encoding"] = "identity"
        session.max_redirects = 0
        for prefix in list(session.adapters):
            session.mount(prefix, _Adapter(*self.bounds))
        return session


class _Adapter(HTTPAdapter):  # type: ignore[misc]
    """Reads an answer up to a limit, over connections that a deadline cuts."""

    def __init__(self, deadline: Deadline, limit: int) -> None:
        self._deadline, self._limit = deadline, limit
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        # As ipfshttpclient does, without an argument that urllib3 has given up.
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        pools = self.poolmanager.pool_classes_by_scheme
        for scheme, kind in pools.items():
            pools[scheme] = _watched(kind, self._deadline)

    def send(self, *arguments: Any, **options: Any) -> Any:
        response = super().send(*arguments, **options)
        body = bytearray()
        try:
            # Not decompressed: a short answer could unpack to any size.
            while part := response.raw.read(PART, decode_content=False):
                body += part
                if len(body) > self._limit:
                    raise AnswerTooLargeError
        except BaseException:
            response.close()
            raise
        # What requests itself keeps once an answer was read whole.
        response._content, response._content_consumed = bytes(body), True
        response.raw.release_conn()
        return response


def _watched(kind: Any, deadline: Deadline) -> Any:
    """Give a connection pool's class whose connections a deadline watches from their first byte."""

    class Connection(kind.ConnectionCls):  # type: ignore[misc]
        def _new_conn(self) -> Any:
            connection = super()._new_conn()
            deadline.watch(connection)
            return connection

    class Pool(kind):  # type: ignore[misc]
        ConnectionCls = Connection

    return Pool
