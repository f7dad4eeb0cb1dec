"""Founders' nodes over HTTP, as other nodes ask them: bounded in time and size, nothing believed unsigned."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from bema_py.chain.approvals import Approval
from bema_py.chain.votes import Vote
from bema_py.core.encoding import decode
from bema_py.core.errors import BemaError
from bema_py.core.types import Commitment
from bema_py.core.witness import MAX_STATEMENTS_SIZE, SignedStatement
from bema_py.roles.original_party import RegistrationRequest
from bema_py.roles.requests import request_to_plain

TIMEOUT = 10.0
MAX_ANSWER = 2**20
REGISTRATIONS, VOTES, STATEMENTS = "/registrations", "/votes", "/statements/"
OK, NOT_READY, REFUSED, UNKNOWN = 200, 202, 403, 404


class PeerError(BemaError):
    """A founder's node does not answer, or not as one."""

    exit_code = 3

    def __init__(self, url: str, reason: str) -> None:
        """Keep the node and the reason."""
        self.url, self.reason = url, reason
        super().__init__(f"founder's node {url}: {reason}")


class RefusedError(BemaError):
    """A founder does not approve."""

    exit_code = 7

    def __init__(self, url: str, reason: str) -> None:
        """Keep the node and the founder's reason."""
        self.url, self.reason = url, reason
        super().__init__(f"the founder at {url} refuses: {reason}")


@dataclass(frozen=True)
class Peer:
    """One founder's node."""

    url: str

    def approval(self, request: RegistrationRequest) -> Approval | None:
        """Ask for an approval; None while the founder has not answered. Raises RefusedError and PeerError."""
        status, data = self._ask("POST", REGISTRATIONS, json=request_to_plain(request))
        plain = self._plain(data)
        if status == NOT_READY:
            return None
        if status == REFUSED:
            raise RefusedError(self.url, str(plain.get("refused", "no reason given"))[:500])
        if status != OK:
            raise PeerError(self.url, f"it answers {status}")
        try:
            return Approval.from_plain(plain.get("approval"))
        except BemaError as error:
            raise PeerError(self.url, f"it sends no approval ({error})") from error

    def votes(self) -> list[Vote]:
        """Return the votes that the founder has signed and not seen carried; raises PeerError."""
        status, data = self._ask("GET", VOTES)
        listed = self._plain(data).get("votes")
        if status != OK or not isinstance(listed, list):
            raise PeerError(self.url, f"it answers {status}, without votes")
        try:
            return [Vote.from_plain(plain) for plain in listed]
        except BemaError as error:
            raise PeerError(self.url, f"it sends no vote ({error})") from error

    def statement(self, commitment: Commitment) -> SignedStatement | None:
        """Return the founder's statement about a batch, None where there is none yet; raises PeerError."""
        status, data = self._ask("GET", STATEMENTS + commitment.hex(), limit=MAX_STATEMENTS_SIZE)
        if status == UNKNOWN:
            return None
        if status != OK:
            raise PeerError(self.url, f"it answers {status}")
        try:
            return SignedStatement.from_map(decode(data, max_size=MAX_STATEMENTS_SIZE))
        except BemaError as error:
            raise PeerError(self.url, f"it sends no statement ({error})") from error

    def _ask(self, method: str, path: str, limit: int = MAX_ANSWER, **options: Any) -> tuple[int, bytes]:
        try:
            with requests.request(
                method,
                self.url.rstrip("/") + path,
                timeout=TIMEOUT,
                stream=True,
                allow_redirects=False,
                **options,
            ) as answer:
                data = answer.raw.read(limit + 1, decode_content=True)
        except (requests.RequestException, OSError) as error:
            raise PeerError(self.url, f"no answer ({type(error).__name__})") from error
        if len(data) > limit:
            raise PeerError(self.url, f"its answer exceeds {limit} bytes")
        return answer.status_code, data

    def _plain(self, data: bytes) -> dict[str, Any]:
        try:
            plain = json.loads(data)
        except ValueError as error:
            raise PeerError(self.url, f"its answer is not JSON ({error})") from error
        return plain if isinstance(plain, dict) else {}


def every_vote(peers: Sequence[Peer], faults: list[PeerError]) -> Iterator[Vote]:
    """Yield what the founders that answer have voted; what keeps the others from it is added to `faults`."""
    for peer in peers:
        try:
            yield from peer.votes()
        except PeerError as error:
            faults.append(error)


def every_statement(peers: Sequence[Peer], commitment: Commitment) -> list[SignedStatement]:
    """Return what the founders that answer state about a batch; who does not answer is not heard."""
    found = []
    for peer in peers:
        try:
            statement = peer.statement(commitment)
        except PeerError:
            continue
        if statement is not None:
            found.append(statement)
    return found
