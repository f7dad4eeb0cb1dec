"""A transaction on its way: waited for, sent again where it got lost, replaced where it offers too little."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from eth_utils.address import to_checksum_address
from web3.exceptions import TransactionNotFound
from web3.types import TxReceipt

from bema_py.chain.abi import decode_revert
from bema_py.chain.connection import POLL, Chain
from bema_py.chain.errors import (
    CallRevertedError,
    ChainResponseError,
    ChainUnreachableError,
    ContractRevertError,
    WaitTimeoutError,
)
from bema_py.chain.fees import Fees, raise_fees, read_market
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.nonce_gap import NonceGap
from bema_py.chain.send_errors import NonceTakenError, RevertedAfterReorganisationError
from bema_py.chain.send_policy import GWEI
from bema_py.chain.signed import Transaction
from bema_py.chain.signers import Signer
from bema_py.core.types import Address, hex0x

LONGEST_PAUSE = 1.0
LOOK_ROUND = 2.0
"""Seconds between two looks at what may hinder a transaction that no block holds yet."""
TAKEN_FOR = 10.0
"""Seconds for which another transaction must hold the nonce before this one is given up: receipts may come late."""
log = logging.getLogger(__name__)


@contextmanager
def kept_until_known(chain: Chain, account: Address, nonce: int) -> Iterator[None]:
    """Leave the nonce in the journal to the next sender, unless its outcome is known at the end."""
    known = False
    try:
        yield
        known = True
    except (ContractRevertError, NonceTakenError):
        known = True
        raise
    finally:
        if chain.sent is not None:
            (chain.sent.forget if known else chain.sent.let_go)(account, nonce)


@dataclass
class Outgoing:
    """A call under way: the newest transaction with its nonce, and the hashes of all; a block may take any of them."""

    function: str
    transaction: Transaction
    hashes: list[EthereumHash]

    @property
    def nonce(self) -> int:
        """The place among the account's transactions that these compete for."""
        return int(self.transaction["nonce"])

    def __str__(self) -> str:
        """Name the newest one, and what it offers."""
        offered = Fees.of(self.transaction).max_fee / GWEI
        name = f"transaction {hex0x(self.hashes[-1])} of {self.function}"
        return f"{name} (nonce {self.nonce}, at most {offered:g} gwei)"


@dataclass
class Follower:
    """Waits for a call's receipt until enough blocks lie on it."""

    chain: Chain
    signer: Signer
    outgoing: Outgoing
    confirmations: int
    timeout: float
    _block: tuple[int, bytes] | None = field(default=None, init=False)
    """The block that holds it: number and hash."""
    _left: int | None = field(default=None, init=False)
    """The block that held it and was reorganised away."""
    _sent_at: float = field(default_factory=time.monotonic, init=False)
    _sent_over: int | None = field(default=None, init=False)
    """The newest block when it was sent last."""
    _replaced: int = field(default=0, init=False)
    _looked_at: float = field(default_factory=time.monotonic, init=False)
    _unsure: Transaction | None = field(default=None, init=False)
    """What was sent without an answer, so that the chain may have it."""
    _taken_since: float | None = field(default=None, init=False)
    _trouble: Exception | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Watch the nonces before this one."""
        self._gap = NonceGap(self.chain, self.signer)

    def wait(self, *, doubtful: bool = False) -> TxReceipt:
        """Give the receipt; a `doubtful` transaction may never have reached the chain, and is looked for at once.

        Raises `WaitTimeoutError`; `NonceTakenError` where another transaction ran in its place;
        `RevertedAfterReorganisationError` where its block left the chain and the contract refuses the call now.
        """
        if doubtful:
            self._looked_at = -LOOK_ROUND
        deadline = time.monotonic() + self.timeout
        pause = POLL
        while True:
            try:
                receipt = self._look()
            except (ChainUnreachableError, ChainResponseError) as error:
                receipt, self._trouble = None, error
            if receipt is not None:
                return receipt
            if time.monotonic() + pause > deadline:
                raise WaitTimeoutError(self._what(), self.timeout) from self._trouble
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def known(self) -> bool:
        """Whether the node has any of the transactions, in a block or waiting for one."""
        asked = [("eth_getTransactionByHash", [hex0x(each)]) for each in self.outgoing.hashes]
        return any(found is not None for found in self.chain.request_all(asked))

    def receipt(self) -> TxReceipt | None:
        """Give the receipt of whichever a block holds."""
        for each in reversed(self.outgoing.hashes):
            with self.chain.answering():
                try:
                    return self.chain.web3.eth.get_transaction_receipt(cast(Any, each))
                except TransactionNotFound:
                    continue
        return None

    def _look(self) -> TxReceipt | None:
        receipt = self.receipt()
        if receipt is not None:
            return receipt if self._is_confirmed(receipt) else None
        if self._sent_over is None:
            self._sent_over = self.chain.head().number
        if self._block is not None:
            self._fell_out()
        elif time.monotonic() - self._looked_at >= LOOK_ROUND:
            self._looked_at = time.monotonic()
            self._help_on()
        return None

    def _is_confirmed(self, receipt: Mapping[str, Any]) -> bool:
        self._block = number, _ = int(receipt["blockNumber"]), bytes(receipt["blockHash"])
        if self.confirmations <= 1:
            return True
        lying_on_it = self.chain.head().number - number + 1
        return lying_on_it >= self.confirmations and self.chain.block(number).hash == self._block[1]

    def _fell_out(self) -> None:
        """Begin anew where the block that held the transaction left the chain."""
        assert self._block is not None
        self._left, self._block = self._block[0], None
        self._sent_at, self._sent_over = time.monotonic(), None
        log.warning("block %d, which held %s, was reorganised away", self._left, self.outgoing)
        self._help_on()

    def _help_on(self) -> None:
        if self._unsure is not None:
            self._send(self._unsure)
        if self._lost_nonce() or self._gap.stands_before(self.outgoing.transaction, self.timeout):
            return
        known = self.known()
        if not known and self._left is not None:
            self._check_still_allowed(self._left)
        if not (self._is_stuck() and self._replace()) and not known:
            self._send(self.outgoing.transaction)
            log.warning("%s was unknown to the node and was sent again", self.outgoing)

    def _lost_nonce(self) -> bool:
        """Whether the account's next nonce is past this one, with a receipt that is late or none at all."""
        if self.chain.transaction_count(self.signer.address, "latest") <= self.outgoing.nonce:
            self._taken_since = None
            return False
        self._taken_since = self._taken_since or time.monotonic()
        if time.monotonic() - self._taken_since >= TAKEN_FOR and self.receipt() is None:
            raise NonceTakenError(self.signer.address, self.outgoing.nonce)
        return True

    def _check_still_allowed(self, left: int) -> None:
        """Ask before sending again what would only cost its gas."""
        sender = to_checksum_address(self.signer.address)
        fields = {
            key: self.outgoing.transaction[key] for key in ("to", "data") if key in self.outgoing.transaction
        }
        asked = {"from": sender, "value": hex(self.outgoing.transaction["value"]), **fields}
        try:
            self.chain.request("eth_estimateGas", [asked, "pending"])
        except CallRevertedError as error:
            refusal = decode_revert(self.outgoing.function, error.data)
            raise RevertedAfterReorganisationError(left, refusal) from error

    def _is_stuck(self) -> bool:
        """Whether blocks came for long enough, and none took it."""
        if time.monotonic() - self._sent_at < self.chain.policy.replace_after or self._sent_over is None:
            return False
        return self.chain.head().number > self._sent_over

    def _replace(self) -> bool:
        """Offer more with the same nonce; gives whether the policy allowed it."""
        policy, transaction = self.chain.policy, self.outgoing.transaction
        if self._replaced >= policy.replacements:
            return False
        fees = raise_fees(Fees.of(transaction), read_market(self.chain), policy.max_fee)
        if fees is None:
            return False
        self._replaced += 1
        before = str(self.outgoing)
        self._send({**transaction, **fees.fields()})
        log.warning("%s was replaced by %s", before, self.outgoing)
        return True

    def _send(self, transaction: Transaction) -> None:
        self._unsure = transaction
        try:
            sent = self.signer.send(self.chain, transaction)
        except ChainResponseError:
            self._unsure = None  # it was not taken
            raise
        self._unsure = None
        self._sent_at, self._sent_over = time.monotonic(), None
        self.outgoing.transaction = transaction
        if sent not in self.outgoing.hashes:
            self.outgoing.hashes.append(sent)

    def _what(self) -> str:
        """Say what was waited for, and what hindered it as far as that can be seen."""
        reasons = [] if self._trouble is None else [str(self._trouble)]
        if self._block is not None:
            reasons.append(f"block {self._block[0]} holds it, {self.confirmations} confirmations are wanted")
        else:
            try:
                base_fee, cap = read_market(self.chain).base_fee, self.chain.policy.max_fee
            except (ChainUnreachableError, ChainResponseError):
                pass
            else:
                bound = "" if cap is None else f", the cap {cap / GWEI:g} gwei"
                reasons.append(f"the base fee is {base_fee / GWEI:g} gwei{bound}")
        return "; ".join([str(self.outgoing), *reasons])
