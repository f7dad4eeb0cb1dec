"""A server that speaks the few calls of an IPFS node that the project makes, honestly or in every bad way."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bema_py.core.cid import cid_text, node_cid, object_cid, raw_cid
from bema_py.core.types import Digest

_NAMES = {"raw": raw_cid, "dag-pb": node_cid, "dag-cbor": object_cid}
ENDLESS_LIMIT = 2**28
"""Bytes after which an endless answer ends, so that a client without a cap fails its test rather than the machine."""


class FakeNode(ThreadingHTTPServer):
    """One node. `mode` says how it treats reads of blocks, `write_mode` what it does with writes."""

    daemon_threads = True

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.held: dict[str, bytes] = {}
        self.pinned: set[str] = set()
        self.mode = self.write_mode = "honest"
        self.failures_left = 0
        self.calls: list[str] = []
        self.stopping = threading.Event()

    @property
    def address(self) -> str:
        host, port = self.server_address[:2]
        return f"/ip4/{host!s}/tcp/{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


@contextmanager
def fake_node() -> Iterator[FakeNode]:
    node = FakeNode()
    thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield node
    finally:
        node.stopping.set()
        node.shutdown()
        node.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FakeNode
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        call = parts.path.removeprefix("/api/v0/")
        self.options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.calls.append(call)
        body = self._body()
        if self.server.failures_left:
            self.server.failures_left -= 1
            self._json({"Message": "busy", "Code": 0, "Type": "error"}, 500)
            return
        getattr(self, "_" + call.replace("/", "_"))(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _json(self, value: object, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), status)

    def _send(self, data: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self, message: str) -> None:
        self._json({"Message": message, "Code": 0, "Type": "error"}, 500)

    def _version(self, body: bytes) -> None:
        self._json({"Version": "0.40.0"})

    def _block_stat(self, body: bytes) -> None:
        data = self.server.held.get(self.options["arg"])
        if data is None:
            self._refuse("block was not found locally (offline): ipld: could not find it")
        else:
            self._json({"Key": self.options["arg"], "Size": len(data)})

    def _block_put(self, body: bytes) -> None:
        boundary = body.split(b"\r\n", 1)[0]
        data = body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n" + boundary, 1)[0]
        cid = cid_text(_NAMES[self.options["format"]](Digest(sha256(data).digest())))
        if self.server.write_mode == "refuse":
            self._refuse("no space left on device")
        elif self.server.write_mode == "rename":
            self._json({"Key": cid_text(raw_cid(Digest(bytes(32)))), "Size": len(data)})
        else:
            self.server.held[cid] = data
            self._json({"Key": cid, "Size": len(data)})

    def _pin_add(self, body: bytes) -> None:
        cid = self.options["arg"]
        if cid not in self.server.held:
            self._refuse("pin: block not found")
        elif cid in self.server.pinned and self.server.write_mode == "recursive":
            self._refuse(f"pin: {cid} already pinned recursively")
        else:
            self.server.pinned.add(cid)
            self._json({"Pins": [cid]})

    def _pin_rm(self, body: bytes) -> None:
        cid = self.options["arg"]
        if cid not in self.server.pinned:
            self._refuse("not pinned or pinned indirectly")
        else:
            self.server.pinned.remove(cid)
            self._json({"Pins": [cid]})

    def _pin_ls(self, body: bytes) -> None:
        listed = self.server.pinned if self.options["type"] == "direct" else set()
        self._json({"Keys": {cid: {"Type": "direct"} for cid in listed}})

    def _block_get(self, body: bytes) -> None:
        data = self.server.held.get(self.options["arg"])
        if data is None:
            self._refuse("block was not found locally (offline): ipld: could not find it")
            return
        getattr(self, f"_get_{self.server.mode}")(data)

    def _get_honest(self, data: bytes) -> None:
        self._send(data)

    def _get_wrong(self, data: bytes) -> None:
        self._send(bytes([data[0] ^ 1]) + data[1:])

    def _get_short(self, data: bytes) -> None:
        self._send(data[:-1])

    def _get_truncated(self, data: bytes) -> None:
        self._send(data[:-1], Content_Length=str(len(data)))
        self.close_connection = True

    def _get_endless(self, data: bytes) -> None:
        """Say no length and send until the client hangs up."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(ENDLESS_LIMIT // 2**20):
            self.wfile.write(bytes(2**20))

    def _get_packed(self, data: bytes) -> None:
        """Send little that unpacks to much."""
        self._send(gzip.compress(bytes(2**24)), Content_Encoding="gzip")

    def _get_silent(self, data: bytes) -> None:
        self.server.stopping.wait(30)

    def _get_dripping(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self._drip()

    def _get_dripping_head(self, data: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._drip()

    def _drip(self) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end and not self.server.stopping.wait(0.05):
            self.wfile.write(b"x")
            self.wfile.flush()

    def _get_failing(self, data: bytes) -> None:
        self._refuse("internal error")

    def _get_plain_failure(self, data: bytes) -> None:
        self._send(b"<html>Bad Gateway</html>", 502)

    def _get_hanging_up(self, data: bytes) -> None:
        self.close_connection = True

    def _get_elsewhere(self, data: bytes) -> None:
        self._send(b"", 302, Location="http://127.0.0.1:9/elsewhere")
