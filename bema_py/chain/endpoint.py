"""One JSON-RPC endpoint: what it answers, or in which of the usual ways it fails."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from eth_typing import URI
from web3.providers.rpc import HTTPProvider
from web3.types import RPCEndpoint

TOO_MANY = 429
FIRST_REST, LONGEST_REST = 5.0, 300.0
"""Seconds for which an endpoint that failed is not asked: twice as long after each failure in a row."""
BRIEF = 5.0
"""Seconds at most for a look at an endpoint that nobody waits for."""


class EndpointError(Exception):
    """An endpoint did not answer as one should; `wait` is how many seconds it asked for, if it did."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


@dataclass(eq=False)
class Endpoint:
    """An endpoint and what is known of it: why it is passed over and until when, by the monotonic clock."""

    url: str
    timeout: float
    reason: str = ""
    rests_until: float = 0.0
    told_to_wait: bool = False
    failures: int = 0
    recognised: bool = False

    @cached_property
    def provider(self) -> HTTPProvider:
        """What requests go through; whoever asks decides about asking again."""
        return _provider(self.url, self.timeout)

    @cached_property
    def brief(self) -> HTTPProvider:
        """What short looks go through."""
        return _provider(self.url, min(self.timeout, BRIEF))

    def __str__(self) -> str:
        """Show where it is; paths and credentials of providers are secrets."""
        return shown(self.url)

    def ask(self, method: str, parameters: Any) -> Any:
        """Send one request and give the JSON-RPC answer, which may be an error. Raises `EndpointError`."""
        return self._ask(self.provider, method, parameters)

    def ask_all(self, asked: Sequence[tuple[str, Any]]) -> Any:
        """Send a batch and give the answers, or the one error that a node gives instead. Raises `EndpointError`."""
        requested = [(RPCEndpoint(method), parameters) for method, parameters in asked]
        return self._exchange(lambda: self.provider.make_batch_request(requested))

    def number(self, method: str) -> int:
        """Take a look at a number, such as the chain id. Raises `EndpointError`."""
        answer = self._ask(self.brief, method, [])
        try:
            return int(answer["result"], 16)
        except (KeyError, TypeError, ValueError) as error:
            raise EndpointError(f"no number for {method} ({str(answer)[:80]})") from error

    def usable(self) -> bool:
        """Whether it has rested."""
        return time.monotonic() >= self.rests_until

    def fail(self, error: EndpointError) -> float:
        """Let it rest; gives for how many seconds."""
        rest = FIRST_REST * float(1 << min(self.failures, 10)) if error.wait is None else error.wait
        self.failures += 1
        self.told_to_wait = error.wait is not None
        self.rests_until = time.monotonic() + min(rest, LONGEST_REST)
        self.reason = error.reason
        self.recognised = False
        return min(rest, LONGEST_REST)

    def succeed(self) -> None:
        """Forget earlier failures."""
        self.reason, self.failures, self.rests_until, self.told_to_wait = "", 0, 0.0, False

    def _ask(self, provider: HTTPProvider, method: str, parameters: Any) -> Any:
        answer: object = self._exchange(lambda: provider.make_request(RPCEndpoint(method), parameters))
        if not isinstance(answer, Mapping) or not answer.keys() & {"result", "error"}:
            raise EndpointError(f"no JSON-RPC answer ({str(answer)[:80]})")
        return answer

    def _exchange(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except requests.HTTPError as error:
            raise _refused(error.response) from error
        except requests.Timeout as error:
            raise EndpointError(f"no answer in time ({self.timeout:g} s)") from error
        except requests.ConnectionError as error:
            raise EndpointError("connection refused or lost") from error
        except requests.RequestException as error:
            raise EndpointError(str(error)) from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # web3's decoding stumbles in many ways over what is no JSON.
            raise EndpointError(f"no JSON-RPC answer ({error})") from error


def _provider(url: str, timeout: float) -> HTTPProvider:
    return HTTPProvider(URI(url), {"timeout": timeout}, exception_retry_configuration=None)


def shown(url: str) -> str:
    """Give a URL without user, path and query, which often are the key to a paid service."""
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname:
        return url
    hidden = parts.path.strip("/") or parts.query
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{'/...' if hidden else ''}"


def _refused(response: requests.Response | None) -> EndpointError:
    if response is None:
        return EndpointError("it refuses")
    if response.status_code != TOO_MANY:
        return EndpointError(f"it answers HTTP {response.status_code}")
    wait = _seconds(response.headers.get("Retry-After", ""))
    asks = "" if wait is None else f" and asks to wait {wait:g} s"
    return EndpointError(f"it answers HTTP {TOO_MANY}, too many requests{asks}", wait)


def _seconds(text: str) -> float | None:
    """Read a Retry-After: seconds, or a date."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
