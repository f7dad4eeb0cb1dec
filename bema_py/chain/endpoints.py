"""Several endpoints of one chain as one: asked one at a time, the next where one fails.

One endpoint answers everything until it is passed over, so what is read together comes from one node. Another takes
its place only if it serves the same chain and has the newest block that was read. Who failed is asked again after a
rest, longer after each failure in a row.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from bema_py.chain.endpoint import Endpoint, EndpointError
from bema_py.chain.errors import ChainResponseError, ChainUnreachableError

T = TypeVar("T")

RETRIES = 3
BACKOFF = 0.2
COMPARED_EVERY = 30.0
"""Seconds between two comparisons of all endpoints' newest blocks."""
NEVER_BACK_FOR = 60.0
"""Seconds in which no endpoint will do that lacks the newest block read; after them the chain itself went back."""
PATIENCE = 30.0
"""Seconds at most that a request waits where every endpoint asks for patience."""
LARGEST_BATCH = 200
"""Requests that are sent together at most."""
EASE = 8
"""Batches answered in this part of the time that there is for one may be twice as large."""
OUTVOTED = 3
"""From so many answers on, the newest block is one that two endpoints have: one alone makes no others look late."""
IDEMPOTENT = frozenset(
    {
        "eth_accounts",
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_getBalance",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getCode",
        "eth_getLogs",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_maxPriorityFeePerGas",
    }
)
"""Requests that may be sent again after a lost answer. Sending a transaction is none of them."""
log = logging.getLogger(__name__)


def back_off(attempt: int) -> None:
    """Wait before asking again, each time longer."""
    time.sleep(BACKOFF * float(1 << attempt))


class Endpoints(JSONBaseProvider):
    """Answers web3's requests from the endpoints of one chain, the first ones preferred.

    timeout: seconds for a request. max_lag: blocks that an endpoint may be behind the others. Requests raise
    `ChainUnreachableError` where none answers, with the reason of each.
    """

    def __init__(self, urls: Sequence[str], timeout: float, max_lag: int, chain_id: int | None) -> None:
        super().__init__()
        self.all = tuple(Endpoint(url, timeout) for url in urls)
        self.several = len(self.all) > 1
        self._max_lag = max_lag
        self._batch = LARGEST_BATCH
        self._chain_id = chain_id
        self._current = self.all[0]
        self._newest, self._newest_at = 0, 0.0
        self._compared_at = time.monotonic()
        self._bound = threading.local()
        self._turn = threading.RLock()

    def __str__(self) -> str:
        """Show where they are."""
        return ", ".join(map(str, self.all))

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer one request."""
        asks_head = method == "eth_getBlockByNumber" and params[0] == "latest"
        if asks_head:
            self._compare_now_and_then()
        answer: RPCResponse = self._answer(lambda each: each.ask(method, params), again=method in IDEMPOTENT)
        if asks_head and isinstance(answer.get("result"), Mapping):
            self._newest, self._newest_at = int(answer["result"]["number"], 16), time.monotonic()
        return answer

    def request_all(self, asked: Sequence[tuple[str, Any]]) -> Any:
        """Answer requests that change nothing, all from one endpoint, in batches that it can answer in time."""
        if len(asked) <= self._batch:
            return self._in_batches(asked)
        return self.together(lambda: self._in_batches(asked))

    def _in_batches(self, asked: Sequence[tuple[str, Any]]) -> Any:
        answers: list[Any] = []
        while len(answers) < len(asked):
            found = self._answer(partial(self._ask_some, asked, len(answers)), again=True)
            if isinstance(found, Mapping):
                return found
            answers += found
        return answers

    def _ask_some(self, asked: Sequence[tuple[str, Any]], start: int, endpoint: Endpoint) -> Any:
        """Ask for what comes next, and for half as much from then on where the answer does not come."""
        part, began = asked[start : start + self._batch], time.monotonic()
        try:
            found = endpoint.ask_all(part)
        except EndpointError:
            self._batch = max(1, len(part) // 2)
            raise
        if not isinstance(found, Mapping) and len(found) != len(part):
            raise ChainResponseError(str(self), f"{len(found)} answers to {len(part)} requests")
        if time.monotonic() - began < endpoint.timeout / EASE:
            self._batch = min(2 * self._batch, LARGEST_BATCH)
        return found

    def together(self, read: Callable[[], T]) -> T:
        """Have one endpoint answer all that a read asks; where it fails the read begins anew at another."""
        if not self.several or self._is_bound():
            return read()
        self._compare_now_and_then()
        for _ in self.all[1:]:
            try:
                return self._read_bound(read)
            except ChainUnreachableError as error:
                log.warning("what was being read is read anew: %s", error)
        return self._read_bound(read)

    def _read_bound(self, read: Callable[[], T]) -> T:
        self._bound.now = True
        try:
            return read()
        finally:
            self._bound.now = False

    def _is_bound(self) -> bool:
        return getattr(self._bound, "now", False)

    def _answer(self, act: Callable[[Endpoint], T], *, again: bool) -> T:
        last = max(RETRIES, len(self.all)) - 1 if again and not self._is_bound() else 0
        for attempt in range(last + 1):
            endpoint = self._choose(attempt)
            if endpoint is None:
                continue
            try:
                answer = act(endpoint)
            except EndpointError as error:
                self._pass_over(endpoint, error)
            else:
                endpoint.succeed()
                return answer
        raise ChainUnreachableError(str(self), self._reasons())

    def _choose(self, attempt: int) -> Endpoint | None:
        """Give the current endpoint, or where that is passed over the first other that will do."""
        with self._turn:
            if self._current.usable() and self._recognises(self._current):
                return self._current
            ready = [each for each in self.all if each.usable()] or self._rested(attempt)
            for endpoint in ready:
                if self._recognises(endpoint):
                    if endpoint is not self._current:
                        log.warning("%s is asked from now on", endpoint)
                    self._current = endpoint
                    return endpoint
            return None

    def _rested(self, attempt: int) -> list[Endpoint]:
        """Wait a little for an endpoint that failed, or for as long as it asks where all of them ask for patience."""
        failed = [each for each in self.all if not each.told_to_wait]
        soonest = min(failed or self.all, key=lambda each: each.rests_until)
        wait = soonest.rests_until - time.monotonic()
        if failed:
            wait = min(wait, BACKOFF * float(1 << attempt - 1)) if attempt else 0.0
        if wait > PATIENCE:
            return []
        time.sleep(max(wait, 0.0))
        return [soonest]

    def _recognises(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint serves this chain, and up to the newest block that was read."""
        if endpoint.recognised or not self.several:
            return True
        try:
            chain_id, head = endpoint.number("eth_chainId"), endpoint.number("eth_blockNumber")
            if self._chain_id is None:
                self._chain_id = chain_id
            if chain_id != self._chain_id:
                raise EndpointError(f"it serves chain id {chain_id}, {self._chain_id} is expected")
            if head < self._newest and time.monotonic() - self._newest_at < NEVER_BACK_FOR:
                raise EndpointError(f"it is at block {head}, block {self._newest} was read already")
        except EndpointError as error:
            self._pass_over(endpoint, error)
            return False
        endpoint.recognised = True
        return True

    def _compare_now_and_then(self) -> None:
        """Pass over the endpoints that are late, and one that alone claims to be far ahead of the others."""
        if not self.several or self._is_bound() or time.monotonic() < self._compared_at + COMPARED_EVERY:
            return
        with self._turn:
            self._compared_at = time.monotonic()
            heads = {
                each: head for each in self.all if each.usable() and (head := self._head(each)) is not None
            }
            ordered = sorted(heads.values(), reverse=True)
            if not ordered:
                return
            newest = ordered[1 if len(ordered) >= OUTVOTED else 0]
            for endpoint, head in heads.items():
                if newest - head > self._max_lag:
                    self._pass_over(
                        endpoint, EndpointError(f"it is {newest - head} blocks behind the others")
                    )
                elif head - newest > self._max_lag:
                    self._pass_over(endpoint, EndpointError(f"it claims to be {head - newest} blocks ahead"))

    def _head(self, endpoint: Endpoint) -> int | None:
        try:
            return endpoint.number("eth_blockNumber")
        except EndpointError as error:
            self._pass_over(endpoint, error)
            return None

    def _pass_over(self, endpoint: Endpoint, error: EndpointError) -> None:
        rest = endpoint.fail(error)
        if self.several:
            log.warning("%s is passed over for %.0f s: %s", endpoint, rest, error)

    def _reasons(self) -> str:
        if not self.several:
            return self._current.reason
        return "; ".join(f"{each}: {each.reason}" for each in self.all if each.reason)
