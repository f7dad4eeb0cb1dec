"""A node's HTTP server: whether it is well, its metrics, and what a founder answers; small, bounded, on loopback."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bema_py.core.errors import InputError
from bema_py.node.condition import Health
from bema_py.node.figures import Figures

MAX_BODY = 64 * 1024
IDLE = 10.0
"""Seconds that a connection may keep silent."""
OK, NOT_FOUND, TOO_LARGE, LENGTH_REQUIRED, UNHEALTHY = 200, 404, 413, 411, 503
METRICS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What the server sends back."""

    status: int
    body: bytes
    kind: str = "application/json"


Route = Callable[[str, bytes], Answer]
"""Given what follows the route's path, and the body of a request."""
Routes = Mapping[tuple[str, str], Route]
"""By method and path; a path with a slash at its end takes everything below it."""


class ListenError(InputError):
    """The server cannot listen where it was told to."""

    def __init__(self, address: str, reason: str) -> None:
        """Keep the address and the reason."""
        self.address, self.reason = address, reason
        super().__init__(f"cannot listen on {address}: {reason}")


def json_answer(status: int, values: Mapping[str, Any]) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, json.dumps(values, default=str).encode() + b"\n")


def own_routes(health: Health, figures: Figures) -> Routes:
    """Return what every node answers: /health, /status and /metrics."""

    def well(_rest: str, _body: bytes) -> Answer:
        fault = health.fault()
        return json_answer(
            UNHEALTHY if fault else OK, {"healthy": not fault, "reason": fault, **_plain(health)}
        )

    return {
        ("GET", "/health"): well,
        ("GET", "/status"): lambda _rest, _body: json_answer(OK, _plain(health)),
        ("GET", "/metrics"): lambda _rest, _body: Answer(OK, figures.text(), METRICS),
    }


def _plain(health: Health) -> dict[str, Any]:
    return asdict(health.condition())


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class NodeServer:
    """Serves routes on a thread of its own until it is closed."""

    def __init__(self, listen: str, routes: Routes) -> None:
        """Listen on "host:port"; port 0 takes any that is free. Raises ListenError."""
        host, _, port = listen.rpartition(":")
        try:
            self._server = _QuietServer((host.strip("[]"), int(port)), _handler(routes))
        except (OSError, ValueError, OverflowError) as error:
            raise ListenError(listen, str(error)) from error
        self.url = f"http://{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(routes: Routes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = IDLE
        server_version = "bema"
        sys_version = ""

        def do_GET(self) -> None:
            self._send(_find(routes, "GET", self.path, b""))

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit():
                self._send(json_answer(LENGTH_REQUIRED, {"error": "the length of the body is needed"}))
            elif int(length) > MAX_BODY:
                self._send(json_answer(TOO_LARGE, {"error": f"at most {MAX_BODY} bytes are taken"}))
            else:
                self._send(_find(routes, "POST", self.path, self.rfile.read(int(length))))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_arguments: object) -> None:
            """Keep quiet: the node's log is for what the node does."""

    return Handler


def _find(routes: Routes, method: str, path: str, body: bytes) -> Answer:
    for (verb, place), route in routes.items():
        if verb == method and (path == place or (place.endswith("/") and path.startswith(place))):
            return route(path[len(place) :], body)
    return json_answer(NOT_FOUND, {"error": f"there is no {method} {path[:200]}"})
