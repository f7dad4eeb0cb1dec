"""A nonce before a transaction's own that nobody fills any more: no block can take what waits behind it.

A reorganisation takes a transaction back whose outcome its sender had, and not every node keeps it for another block.
An empty payment of the account to itself takes the place. So whatever was signed still runs once at most, and what
waited runs, or is refused with the contract's reason.
"""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field

from eth_utils.address import to_checksum_address

from bema_py.chain.account_lock import sending_turn
from bema_py.chain.connection import Chain
from bema_py.chain.errors import ChainResponseError
from bema_py.chain.fees import Fees
from bema_py.chain.signed import Transaction
from bema_py.chain.signers import Signer
from bema_py.core.types import hex0x

MISSING_FOR = 15.0
"""Seconds for which a nonce must be missing: whoever sent it may be about to send it again, or a node may be late."""
PAYMENT_GAS = 21_000
log = logging.getLogger(__name__)


@dataclass
class NonceGap:
    """Watches the nonces of an account before one of its transactions."""

    chain: Chain
    signer: Signer
    _missing: int | None = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)

    def stands_before(self, transaction: Transaction, patience: float) -> bool:
        """Say whether an earlier nonce is missing, and fill it once it is for long.

        Waits at most `patience` seconds for the account. Raises what asking and sending raise.
        """
        missing = self._next_nonce()
        if missing >= transaction["nonce"]:
            self._missing = None
            return False
        if missing != self._missing:
            self._missing, self._since = missing, time.monotonic()
        elif time.monotonic() - self._since >= MISSING_FOR:
            with sending_turn(self.chain.chain_id, self.signer.address, patience):
                if self._next_nonce() == missing:
                    self._fill(missing, transaction)
            self._missing = None
        return True

    def _next_nonce(self) -> int:
        """Give the first nonce that neither a block nor a transaction that waits for one has."""
        return self.chain.transaction_count(self.signer.address, "pending")

    def _fill(self, nonce: int, before: Transaction) -> None:
        own = to_checksum_address(self.signer.address)
        offer = {"gas": PAYMENT_GAS, "chainId": self.chain.chain_id, **Fees.of(before).fields()}
        try:
            # Another's transaction in this place, as the node may answer, is as good.
            with suppress(ChainResponseError):
                self.signer.send(self.chain, {"to": own, "data": "0x", "value": 0, "nonce": nonce, **offer})
                log.warning(
                    "nonce %d of %s was lost and is filled with an empty payment, for nonce %d waits behind it",
                    nonce,
                    hex0x(self.signer.address),
                    before["nonce"],
                )
        finally:
            if self.chain.sent is not None:
                self.chain.sent.let_go(self.signer.address, nonce)
