"""A node that fails on purpose: an HTTP proxy on loopback in front of a real one."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

Fault = Callable[[str, Any, Any], Any]
"""Called with the method, the parameters and the honest result of one request; gives the result to answer with."""


class RefusedError(Exception):
    """Raised by a fault: the node answers with an error."""


class DroppedError(Exception):
    """Raised by a fault: the connection is cut without an answer."""


class ThrottledError(Exception):
    """Raised by a fault: too many requests, as a public endpoint says it (HTTP 429)."""


def answer(fault: Fault, asked: Any, honest: Any) -> Any:
    if "result" not in honest:
        return honest
    try:
        return {**honest, "result": fault(asked["method"], asked.get("params"), honest["result"])}
    except RefusedError as error:
        return {"jsonrpc": "2.0", "id": honest["id"], "error": {"code": -32005, "message": str(error)}}


@contextmanager
def faulty_node(url: str, fault: Fault, delay: float = 0.0) -> Iterator[str]:
    """Stand before the node at `url` for as long as the context lasts; yields the proxy's own URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(body)
            time.sleep(delay)
            honest = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=30)
            try:
                if isinstance(asked, list):
                    by_id = {each["id"]: each for each in honest.json()}
                    plain: Any = [answer(fault, each, by_id[each["id"]]) for each in asked]
                else:
                    plain = answer(fault, asked, honest.json())
            except DroppedError:
                self.close_connection = True
                return
            except ThrottledError:
                self.send_error(429, "Too Many Requests")
                return
            text = json.dumps(plain).encode()
            # A client that waits no longer has hung up: that is what a delay is for.
            with suppress(ConnectionError):
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
