"""Sending a call to the contract: estimate, sign, wait, and name the reason of a refusal."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal, cast

from eth_utils.address import to_checksum_address
from web3.exceptions import TransactionNotFound
from web3.types import TxReceipt

from bema_py.chain.abi import decode_revert
from bema_py.chain.account_lock import sending_turn
from bema_py.chain.connection import EMBEDDED, Chain, EthereumHash
from bema_py.chain.errors import CallRevertedError, ChainResponseError, ContractRevertError
from bema_py.chain.event_reader import decode_logs
from bema_py.chain.events import Event
from bema_py.chain.signers import Signer
from bema_py.core.types import Address

GAS_MARGIN_PERCENT = 25
"""State may change between the estimate and the block; unused gas is not paid for."""
TIMEOUT = 180.0
NONCE_ATTEMPTS = 5
NONCE_TAKEN = ("nonce too low", "replacement transaction underpriced")
"""A node's words for another transaction in the place of ours: ours was not taken."""
NEXT_BLOCK: Literal["pending"] = "pending"
"""Estimates run as the next block will: what is only allowed a block later is not refused."""


@dataclass(frozen=True)
class Call:
    """What to send: the function's name for messages, the receiver (None creates a contract), the data, wei."""

    function: str
    to: Address | None
    data: bytes
    value: int = 0


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction, with the contract's events in order."""

    transaction_hash: EthereumHash
    block_number: int
    block_hash: EthereumHash
    block_time: int
    transaction_index: int
    gas_used: int
    contract: Address | None
    events: tuple[Event, ...]


def send(
    chain: Chain, signer: Signer, call: Call, *, gas: int | None = None, timeout: float = TIMEOUT
) -> Receipt:
    """Send one call and wait for its receipt.

    Raises `ContractRevertError` with the contract's reason: before sending where the estimate shows it,
    unless `gas` is given, and after where the chain does. Raises `ChainResponseError` where the node refuses
    it, `WaitTimeoutError` where no block takes it in `timeout` seconds, `AccountBusyError` where another process
    keeps the account that long.
    """
    limit = _estimate(chain, signer.address, call) if gas is None else gas
    sent = _submit(chain, signer, call, limit, timeout)
    receipt = chain.wait_for(lambda: _receipt(chain, sent), f"transaction 0x{sent.hex()}", timeout)
    if receipt["status"] != 1:
        raise _reason(chain, signer.address, call, limit, receipt)
    return _read(chain, receipt)


def view(chain: Chain, function: str, to: Address, data: bytes) -> bytes:
    """Execute a call at the newest block without sending it. Raises `ContractRevertError`."""
    try:
        return chain.call(to, data)
    except CallRevertedError as error:
        raise decode_revert(function, error.data) from error


def _estimate(chain: Chain, sender: Address, call: Call) -> int:
    asked = {"from": to_checksum_address(sender), "value": hex(call.value), **_target(call)}
    try:
        result = chain.request("eth_estimateGas", [asked, NEXT_BLOCK])
    except CallRevertedError as error:
        raise decode_revert(call.function, error.data) from error
    estimate = int(result, 16) if isinstance(result, str) else int(result)
    return estimate * (100 + GAS_MARGIN_PERCENT) // 100


def _submit(chain: Chain, signer: Signer, call: Call, gas: int, timeout: float) -> EthereumHash:
    """Choose a nonce and send, alone on this machine; choose again where a sender elsewhere took the nonce."""
    alone = (
        nullcontext()  # no other process reaches the embedded chain
        if chain.url == EMBEDDED
        else sending_turn(chain.chain_id, signer.address, timeout)
    )
    with alone:
        for _ in range(NONCE_ATTEMPTS - 1):
            try:
                return signer.send(chain, _transaction(chain, signer.address, call, gas))
            except ChainResponseError as error:
                if not any(taken in error.message.lower() for taken in NONCE_TAKEN):
                    raise
        return signer.send(chain, _transaction(chain, signer.address, call, gas))


def _transaction(chain: Chain, sender: Address, call: Call, gas: int) -> dict[str, Any]:
    """Fill in nonce and fees: the tip the node suggests, above a base fee that may double meanwhile."""
    with chain.answering():
        nonce = chain.web3.eth.get_transaction_count(to_checksum_address(sender), NEXT_BLOCK)
        tip = int(chain.web3.eth.max_priority_fee)
    fees = {"maxPriorityFeePerGas": tip, "maxFeePerGas": 2 * chain.head().base_fee + tip}
    numbers = {"gas": gas, "nonce": int(nonce), "value": call.value, "chainId": chain.chain_id}
    return {**_target(call), **fees, **numbers}


def _target(call: Call) -> dict[str, Any]:
    data = {"data": "0x" + call.data.hex()}
    return data if call.to is None else {"to": to_checksum_address(call.to), **data}


def _receipt(chain: Chain, sent: EthereumHash) -> TxReceipt | None:
    with chain.answering():
        try:
            return chain.web3.eth.get_transaction_receipt(cast(Any, sent))
        except TransactionNotFound:
            return None


def _reason(
    chain: Chain, sender: Address, call: Call, gas: int, receipt: Mapping[str, Any]
) -> ContractRevertError:
    """Replay a failed transaction at the block that holds it; its own failure changed nothing there."""
    fields = {"from": to_checksum_address(sender), "gas": hex(gas), "value": hex(call.value)}
    asked = {**fields, **_target(call)}
    try:
        chain.request("eth_call", [asked, hex(receipt["blockNumber"])])
    except CallRevertedError as error:
        return decode_revert(call.function, error.data)
    return ContractRevertError(call.function, "NoReason", {"gas": gas, "gasUsed": int(receipt["gasUsed"])})


def _read(chain: Chain, receipt: Mapping[str, Any]) -> Receipt:
    number = int(receipt["blockNumber"])
    created = receipt["contractAddress"]
    return Receipt(
        transaction_hash=EthereumHash(bytes(receipt["transactionHash"])),
        block_number=number,
        block_hash=EthereumHash(bytes(receipt["blockHash"])),
        block_time=chain.block_time(number),
        transaction_index=int(receipt["transactionIndex"]),
        gas_used=int(receipt["gasUsed"]),
        contract=Address(bytes.fromhex(created[2:])) if created else None,
        events=decode_logs(chain, list(receipt["logs"])),
    )
