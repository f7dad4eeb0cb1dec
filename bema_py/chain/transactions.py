"""Sending a call to the contract: estimate, sign, wait, and name the reason of a refusal."""

import logging
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any, Literal

from eth_utils.address import to_checksum_address

from bema_py.chain.abi import decode_revert
from bema_py.chain.account_lock import sending_turn
from bema_py.chain.call import Call, Receipt
from bema_py.chain.connection import EMBEDDED, Chain
from bema_py.chain.errors import CallRevertedError, ChainResponseError, ContractRevertError
from bema_py.chain.event_reader import decode_logs
from bema_py.chain.fees import choose_fees
from bema_py.chain.following import Follower, Outgoing, kept_until_known
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.leftovers import resume
from bema_py.chain.plain import quantity
from bema_py.chain.send_errors import NonceTakenError, OutOfGasError
from bema_py.chain.signers import Signer
from bema_py.core.types import Address, unhex

log = logging.getLogger(__name__)
ATTEMPTS = 5
NONCE_TAKEN = ("nonce too low", "replacement transaction underpriced")
"""A node's words for another transaction in the place of ours: ours was not taken."""
NEXT_BLOCK: Literal["pending"] = "pending"
"""Estimates run as the next block will: what is only allowed a block later is not refused."""


def send(
    chain: Chain, signer: Signer, call: Call, *, gas: int | None = None, timeout: float | None = None
) -> Receipt:
    """Send one call as the chain's policy says, and wait for its receipt; `timeout` seconds instead of the policy's.

    Where an earlier run sent the same call and never knew its outcome, this is that call: it is waited for and not sent
    twice. Raises `ContractRevertError` with the contract's reason: before sending where the estimate shows it, unless
    `gas` is given, and after where the chain does; `OutOfGasError` where the gas did not suffice, time and again
    unless `gas` is given. Raises `FeeCapError`, `ChainResponseError` where the node refuses
    it, `WaitTimeoutError` where no block takes it in time, `AccountBusyError` where another process keeps the account
    that long, `NonceTakenError` where a sender elsewhere came first time and again, `SentJournalError`.
    """
    limit = chain.policy.timeout if timeout is None else timeout
    # A new estimate knows what came before the one that was too low; gas that the caller chose stays as it is.
    outdated = (NonceTakenError, OutOfGasError) if gas is None else (NonceTakenError,)
    left = resume(chain, signer, call, limit)
    if left is not None:
        with suppress(*outdated):
            return replace(_outcome(chain, signer, call, left, limit, doubtful=True), resumed=True)
    for _ in range(ATTEMPTS - 1):
        with suppress(*outdated):
            return _send_once(chain, signer, call, gas, limit)
    return _send_once(chain, signer, call, gas, limit)


def view(chain: Chain, function: str, to: Address, data: bytes) -> bytes:
    """Execute a call at the newest block without sending it. Raises `ContractRevertError`."""
    try:
        return chain.call(to, data)
    except CallRevertedError as error:
        raise decode_revert(function, error.data) from error


def _send_once(chain: Chain, signer: Signer, call: Call, gas: int | None, timeout: float) -> Receipt:
    limit = _estimate(chain, signer.address, call) if gas is None else gas
    fees = choose_fees(chain, chain.policy, timeout)
    outgoing = _submit(chain, signer, call, {"gas": limit, **fees.fields()}, timeout)
    return _outcome(chain, signer, call, outgoing, timeout)


def _estimate(chain: Chain, sender: Address, call: Call) -> int:
    asked = {**call.fields(), "from": to_checksum_address(sender), "value": hex(call.value)}
    try:
        estimate = quantity(chain.request("eth_estimateGas", [asked, NEXT_BLOCK]))
    except CallRevertedError as error:
        raise decode_revert(call.function, error.data) from error
    return estimate * (100 + chain.policy.gas_margin_percent) // 100


def _submit(chain: Chain, signer: Signer, call: Call, offer: Mapping[str, int], timeout: float) -> Outgoing:
    """Choose a nonce and send, alone on this machine; choose again where a sender elsewhere took the nonce."""
    alone = (
        nullcontext()  # no other process reaches the embedded chain
        if chain.url == EMBEDDED
        else sending_turn(chain.chain_id, signer.address, timeout)
    )
    fields = {**call.fields(), **offer, "chainId": chain.chain_id}
    with alone:
        for _ in range(ATTEMPTS - 1):
            try:
                return _sign_and_send(chain, signer, call, fields)
            except ChainResponseError as error:
                if not any(taken in error.message.lower() for taken in NONCE_TAKEN):
                    raise
        return _sign_and_send(chain, signer, call, fields)


def _sign_and_send(chain: Chain, signer: Signer, call: Call, fields: Mapping[str, Any]) -> Outgoing:
    nonce = chain.transaction_count(signer.address, NEXT_BLOCK)
    transaction = {**fields, "nonce": nonce}
    try:
        return Outgoing(call.function, transaction, [signer.send(chain, transaction)])
    except BaseException:
        if chain.sent is not None:
            chain.sent.let_go(signer.address, nonce)
        raise


def _outcome(
    chain: Chain, signer: Signer, call: Call, outgoing: Outgoing, timeout: float, *, doubtful: bool = False
) -> Receipt:
    confirmations = 1 if chain.url == EMBEDDED else chain.policy.confirmations
    with kept_until_known(chain, signer.address, outgoing.nonce):
        receipt = Follower(chain, signer, outgoing, confirmations, timeout).wait(doubtful=doubtful)
        if receipt["status"] != 1:
            raise _reason(chain, signer.address, call, outgoing.transaction["gas"], receipt)
        return _read(chain, receipt)


def _reason(
    chain: Chain, sender: Address, call: Call, gas: int, receipt: Mapping[str, Any]
) -> ContractRevertError:
    """Replay a failed transaction at the block that holds it; its own failure changed nothing there.

    That it failed is certain, whatever hinders the replay: a node may refuse it, for it no longer has that state.
    """
    if receipt["gasUsed"] >= gas:
        return OutOfGasError(call.function, gas)
    fields = {"from": to_checksum_address(sender), "gas": hex(gas), "value": hex(call.value)}
    try:
        chain.request("eth_call", [{**call.fields(), **fields}, hex(receipt["blockNumber"])])
    except CallRevertedError as error:
        return decode_revert(call.function, error.data)
    except ChainResponseError as error:
        log.warning("no reason is known why %s failed: %s", call.function, error)
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
        contract=Address(unhex(created)) if created else None,
        events=decode_logs(chain, list(receipt["logs"])),
    )
