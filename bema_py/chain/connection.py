"""One chain, embedded in this process or behind a URL, with every failure named."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from eth_utils.address import to_checksum_address
from web3 import Web3
from web3.exceptions import BlockNotFound, Web3Exception, Web3RPCError
from web3.providers.base import BaseProvider
from web3.types import RPCEndpoint

from bema_py.chain import endpoints
from bema_py.chain.endpoints import RETRIES, Endpoints
from bema_py.chain.errors import (
    REVERTED,
    BlockMissingError,
    CallRevertedError,
    ChainResponseError,
    ChainUnreachableError,
    WaitTimeoutError,
    WrongChainError,
)
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.plain import quantity
from bema_py.chain.send_policy import SendPolicy
from bema_py.chain.sent_journal import SentJournal
from bema_py.chain.signed import SignedTransaction
from bema_py.core.types import Address, hex0x, unhex

T = TypeVar("T")

EMBEDDED = "embedded"
"""What stands for the URL of the chain inside this process."""

POLL = 0.05
MINED_WITHIN = 60.0
"""Seconds a real network may take for one block."""
MAX_LAG = 5
"""Blocks, about a minute of Ethereum: nodes are seldom further apart while they are well."""


@dataclass(frozen=True)
class Head:
    """One Ethereum block: its number, its time in seconds, its hash, its base fee in wei."""

    number: int
    timestamp: int
    hash: EthereumHash
    base_fee: int = 0


class Chain:
    """A chain and the id it had when it was opened; `web3` is the way past this class.

    policy: how transactions are sent on it.
    """

    def __init__(
        self,
        web3: Web3,
        url: str,
        close: Callable[[], None] = lambda: None,
        policy: SendPolicy = SendPolicy(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self.web3 = web3
        self.url = url
        self.policy = policy
        self._close = close
        with self.answering():
            self.chain_id = int(web3.eth.chain_id)

    def __repr__(self) -> str:
        """Say where the chain is and which."""
        return f"Chain({self.url}, chain_id={self.chain_id})"

    def __enter__(self) -> Self:
        """Give the chain for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the chain."""
        self.close()

    def close(self) -> None:
        """Let go of the journal of an embedded chain, so that another process can open it."""
        self._close()

    @cached_property
    def sent(self) -> SentJournal | None:
        """The journal of what was sent on this chain, which its first block tells from others with its id."""
        if self.policy.journal is None:
            return None
        return SentJournal(self.policy.journal / f"{self.chain_id}-{self.block(0).hash.hex()[:16]}")

    def head(self) -> Head:
        """Give the newest block."""
        return self.block("latest")

    def block(self, number: int | str) -> Head:
        """Give the block of this number. Raises `BlockMissingError`."""
        with self.answering():
            try:
                block = self.web3.eth.get_block(cast(Any, number))
            except BlockNotFound as error:
                raise BlockMissingError(number) from error
            fee = int(block.get("baseFeePerGas", 0))
            return Head(
                int(block["number"]), int(block["timestamp"]), EthereumHash(bytes(block["hash"])), fee
            )

    def block_time(self, number: int) -> int:
        """Give the time of a block in seconds. Raises `BlockMissingError`."""
        return self.block(number).timestamp

    def accounts(self) -> tuple[Address, ...]:
        """Give the accounts that the node itself can send from; none on a public node."""
        with self.answering():
            return tuple(Address(unhex(each)) for each in self.web3.eth.accounts)

    def code(self, address: Address) -> bytes:
        """Give the code at an address; empty where there is no contract."""
        with self.answering():
            return bytes(self.web3.eth.get_code(to_checksum_address(address)))

    def call(self, to: Address, data: bytes) -> bytes:
        """Execute a call at the newest block without sending it. Raises `CallRevertedError`."""
        asked = {"to": to_checksum_address(to), "data": hex0x(data)}
        return unhex(str(self.request("eth_call", [asked, "latest"])))

    def send_signed(self, signed: SignedTransaction) -> None:
        """Send a signed transaction; the same one twice is no error, so a lost answer is no lost one.

        The journal has it first. Raises `SentJournalError`, `ChainResponseError` only where the node did not take it,
        `ChainUnreachableError` where it may have.
        """
        first_time = self.sent is not None and self.sent.keep(signed)
        try:
            self._send_raw(signed)
        except ChainResponseError:
            if self.sent is not None and first_time:
                self.sent.withdraw(signed)
            raise

    def _send_raw(self, signed: SignedTransaction) -> None:
        name = hex0x(signed.hash)
        for attempt in range(RETRIES):
            try:
                self.request("eth_sendRawTransaction", [hex0x(signed.raw)])
            except ChainUnreachableError:
                if attempt == RETRIES - 1:
                    raise
            except ChainResponseError as error:
                if self.request("eth_getTransactionByHash", [name]) is None:
                    if attempt:  # the lost answer may have been a yes, from a node that is behind now
                        unknown = f"{name} may have been taken or not ({error.message})"
                        raise ChainUnreachableError(self.url, unknown) from error
                    raise
                return
            else:
                return
            endpoints.back_off(attempt)

    def advance(self, blocks: int, *, timeout: float | None = None) -> Head:
        """Mine this many blocks where the node can, else wait for them; give the head afterwards.

        Raises `WaitTimeoutError` after `timeout` seconds (a minute a block unless given).
        """
        target = self.head().number + blocks
        try:
            # A second a block, as on the embedded chain: anvil would give several blocks one time.
            self.request("hardhat_mine", [hex(blocks), "0x1"])
        except ChainResponseError:
            limit = MINED_WITHIN * blocks if timeout is None else timeout
            self.wait_for(lambda: self.head().number >= target or None, f"block {target}", limit)
        return self.head()

    def wait_for(self, ask: Callable[[], T | None], what: str, timeout: float) -> T:
        """Ask until the answer is not None. Raises `WaitTimeoutError` after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        pause = POLL
        while (answer := ask()) is None:
            if time.monotonic() + pause > deadline:
                raise WaitTimeoutError(what, timeout)
            time.sleep(pause)
            pause = min(2 * pause, 1.0)
        return answer

    def request(self, method: str, parameters: list[Any]) -> Any:
        """Send one JSON-RPC request as it is and give the result as it came.

        Raises `CallRevertedError` with the returned bytes, `ChainResponseError`, `ChainUnreachableError`.
        """
        with self.answering():
            return self.web3.manager.request_blocking(RPCEndpoint(method), parameters)

    def request_all(self, asked: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Send requests that change nothing in one batch and give their results in order, as they came.

        Raises `ChainResponseError` for the first that was refused, `ChainUnreachableError`.
        """
        provider = self.web3.provider
        if not isinstance(provider, Endpoints):
            return [self.request(method, parameters) for method, parameters in asked]
        with self.answering():
            answers = provider.request_all(asked)
        refused = (
            answers if isinstance(answers, Mapping) else next((a for a in answers if "error" in a), None)
        )
        if refused is not None:
            raise ChainResponseError(self.url, str(refused.get("error")))
        return [each.get("result") for each in answers]

    def transaction_count(self, account: Address, block: str) -> int:
        """Give an account's next nonce over "latest", what blocks hold, or "pending", what waits for one as well."""
        return quantity(self.request("eth_getTransactionCount", [to_checksum_address(account), block]))

    def together(self, read: Callable[[], T]) -> T:
        """Do a read whose parts must agree: one endpoint answers all of it; where it fails the read begins anew."""
        provider = self.web3.provider
        return provider.together(read) if isinstance(provider, Endpoints) else read()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn the failures of web3 and of the network into ours."""
        try:
            yield
        except Web3RPCError as error:
            raise _named(self.url, error) from error
        except (Web3Exception, ValueError, TypeError, AttributeError, KeyError) as error:
            # web3's formatters stumble in many ways over what is no JSON-RPC answer.
            raise ChainUnreachableError(self.url, f"no JSON-RPC answer ({error})") from error


def connect(
    url: str | Sequence[str],
    *,
    expected_chain_id: int | None = None,
    timeout: float = 10.0,
    max_lag: int = MAX_LAG,
    policy: SendPolicy = SendPolicy(),  # noqa: B008 - it cannot be changed
) -> Chain:
    """Open the chain behind a JSON-RPC URL, or behind several of which one at a time is asked.

    A request may take `timeout` seconds; an endpoint more than `max_lag` blocks behind the others is passed over.
    Raises `ChainUnreachableError`, `WrongChainError`.
    """
    urls = [url] if isinstance(url, str) else url
    provider = Endpoints(urls, timeout, max_lag, expected_chain_id)
    chain = Chain(_plain_web3(provider), str(provider), policy=policy)
    if expected_chain_id is not None and chain.chain_id != expected_chain_id:
        raise WrongChainError(expected_chain_id, chain.chain_id)
    return chain


def embedded(journal: Path | None = None, *, read_only: bool = False) -> Chain:
    """Open the chain inside this process, as its journal left it.

    The genesis block, its development accounts and the clock are fixed: equal requests give equal block
    hashes. With `read_only` nothing is written or locked, and nothing can be sent. Raises `JournalError`,
    `JournalDivergedError`, `JournalBusyError`, `JournalAccessError`.
    """
    # py-evm takes a second to import, and only the embedded chain needs it.
    from bema_py.chain.provider import EmbeddedProvider  # noqa: PLC0415

    provider = EmbeddedProvider(journal, read_only=read_only)
    return Chain(_plain_web3(provider), EMBEDDED, provider.close)


def _plain_web3(provider: BaseProvider) -> Web3:
    """Leave out the middleware that asks the node for more, and the gateways a contract may name (CCIP)."""
    provider.global_ccip_read_enabled = False
    return Web3(provider, middleware=[])


def _named(url: str, error: Web3RPCError) -> Exception:
    """Tell a revert from another refusal: it carries what the contract returned."""
    answer = cast(Any, error.rpc_response or {}).get("error") or {}
    data, message = answer.get("data"), str(answer.get("message", error))
    if answer.get("code") == REVERTED or "reverted" in message:
        return CallRevertedError(unhex(data) if isinstance(data, str) else b"")
    return ChainResponseError(url, message)
