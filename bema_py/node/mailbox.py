"""Registration requests that came to a founder's node, and its answers: one file each, so that a restart loses none."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bema_py.chain.approvals import Approval
from bema_py.core.errors import BemaError
from bema_py.core.hashing import sha256
from bema_py.node.peers import NOT_READY, OK, REFUSED
from bema_py.node.server import Answer, json_answer
from bema_py.roles.original_party import RegistrationRequest
from bema_py.roles.requests import MAX_FILE_BYTES, request_from_plain, request_to_plain
from bema_py.storage.atomic_file import write_atomically

MOST_WAITING = 100
REFUSAL_LASTS = 3600.0
"""Seconds after which a refused candidate is looked at again: models and rules of a founder change."""
WAITING_LASTS = 86_400.0
BAD_REQUEST, BUSY = 400, 429


@dataclass(frozen=True)
class Mailbox:
    """A directory of requests and answers; the server writes requests, the loop answers."""

    directory: Path
    clock: Callable[[], float] = time.time

    def post(self, body: bytes) -> Answer:
        """Take a request, or give the answer that is there already."""
        try:
            plain = json.loads(body)
            request = request_from_plain(plain if isinstance(plain, dict) else {})
        except (ValueError, BemaError) as error:
            return json_answer(BAD_REQUEST, {"error": str(error)})
        name = name_of(request)
        answer = self._read(self._answer(name))
        if answer is not None:
            return json_answer(OK if "approval" in answer else REFUSED, answer)
        if not self._request(name).exists():
            if len(list(self.directory.glob("*.request"))) >= MOST_WAITING:
                return json_answer(BUSY, {"error": f"{MOST_WAITING} requests wait already"})
            self._write(self._request(name), request_to_plain(request))
        return json_answer(NOT_READY, {"waiting": name})

    def waiting(self) -> Iterator[RegistrationRequest]:
        """Yield the requests without an answer, the oldest first; those that waited a day are dropped."""
        for path in sorted(self.directory.glob("*.request"), key=lambda each: each.stat().st_mtime):
            plain = self._read(path)
            if plain is None or self.clock() - path.stat().st_mtime > WAITING_LASTS:
                path.unlink(missing_ok=True)
                continue
            yield request_from_plain(plain)

    def approve(self, request: RegistrationRequest, approval: Approval) -> None:
        """Answer with an approval."""
        self._reply(request, {"approval": approval.to_plain()})

    def refuse(self, request: RegistrationRequest, reason: str) -> None:
        """Answer with a refusal."""
        self._reply(request, {"refused": reason})

    def forget(self, now: int) -> None:
        """Drop approvals whose deadline has passed by chain time, and refusals of long ago."""
        for path in self.directory.glob("*.answer"):
            answer = self._read(path) or {}
            if "approval" in answer:
                old = Approval.from_plain(answer["approval"]).deadline < now
            else:
                old = self.clock() - path.stat().st_mtime > REFUSAL_LASTS
            if old:
                path.unlink(missing_ok=True)

    def _reply(self, request: RegistrationRequest, plain: dict[str, Any]) -> None:
        name = name_of(request)
        self._write(self._answer(name), plain)
        self._request(name).unlink(missing_ok=True)

    def _request(self, name: str) -> Path:
        return self.directory / f"{name}.request"

    def _answer(self, name: str) -> Path:
        return self.directory / f"{name}.answer"

    def _write(self, path: Path, plain: dict[str, Any]) -> None:
        write_atomically(path, json.dumps(plain).encode(), self.directory / "unfinished")

    @staticmethod
    def _read(path: Path) -> dict[str, Any] | None:
        try:
            plain = json.loads(path.read_bytes()[:MAX_FILE_BYTES])
        except (OSError, ValueError):
            return None
        return plain if isinstance(plain, dict) else None


def name_of(request: RegistrationRequest) -> str:
    """Return the name under which a request is kept: the same one asked again is one request."""
    return sha256(json.dumps(request_to_plain(request), sort_keys=True).encode()).hex()
