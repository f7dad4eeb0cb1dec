"""A deterministic in-process Ethereum chain: the same requests give the same blocks, hash for hash."""

from functools import cache
from typing import Any, cast

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, ComputationAPI, TransactionBuilderAPI
from eth.chains.base import MiningChain
from eth.db import get_db_backend
from eth.exceptions import HeaderNotFound
from eth.exceptions import TransactionNotFound as EVMTransactionNotFound
from eth.typing import AccountDetails
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_keys.datatypes import PrivateKey
from eth_tester.backends.pyevm.main import (
    PyEVMBackend,
    _get_vm_for_block_number,
    get_account_keys_from_mnemonic,
    get_default_genesis_params,
)
from eth_tester.backends.pyevm.serializers import serialize_transaction, serialize_transaction_receipt
from eth_tester.exceptions import BlockNotFound, TransactionNotFound
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.crypto import keccak

from bema_py.chain.errors import CallRevertedError

CHAIN_ID = 131277322940537
"""The chain id that eth-tester and its web3 provider both have built in."""
GENESIS_TIME = 1_767_225_600
"""2026-01-01 00:00:00 UTC; every block is one second later than its parent."""
MNEMONIC = "test test test test test test test test test test test junk"
"""Public and worthless anywhere else: the phrase from which the development accounts are derived."""
HD_PATH = "m/44'/60'/0'/0"
ACCOUNTS = 40
BALANCE = 10**24
BLOCK_GAS_LIMIT = 100_000_000
FLOOR_GAS = 21_000
FLOOR_GAS_PER_TOKEN = 10

PENDING = "pending"


class SteadyChain(MiningChain):
    """A chain whose clock ticks once a block, since py-evm would put the machine's clock into the header."""

    chain_id = CHAIN_ID
    vm_configuration = ((BlockNumber(0), PragueVM),)

    def create_header_from_parent(
        self, parent_header: BlockHeaderAPI, **header_params: Any
    ) -> BlockHeaderAPI:
        """Build the next pending header: same gas limit, one second later."""
        fixed = {"gas_limit": parent_header.gas_limit, "timestamp": parent_header.timestamp + 1}
        return super().create_header_from_parent(parent_header, **{**header_params, **fixed})

    def get_transaction_builder(self) -> type[TransactionBuilderAPI]:
        """Return the builder of the current fork, for which eth-tester asks the chain."""
        return self.get_vm().get_transaction_builder()


class SteadyBackend(PyEVMBackend):  # type: ignore[misc]  # eth-tester has no types
    """eth-tester's backend without the clock and the random numbers of the machine.

    Reverted calls raise `CallRevertedError` with the bytes the contract returned, where eth-tester would put
    their Python representation into the text of a `TransactionFailed`.
    """

    def reset_to_genesis(self, *_arguments: Any, **_options: Any) -> None:
        """Start again from the one genesis block this chain has."""
        self.account_keys = _development_keys()
        account: AccountDetails = {"balance": BALANCE, "nonce": 0, "code": b"", "storage": {}}
        state = {Address(key.public_key.to_canonical_address()): account for key in self.account_keys}
        parameters = get_default_genesis_params({"timestamp": GENESIS_TIME, "gas_limit": BLOCK_GAS_LIMIT})
        self._blocks: dict[int, BlockAPI] = {}
        self.chain = cast(SteadyChain, SteadyChain.from_genesis(get_db_backend(), parameters, state))

    def mine_blocks(self, num_blocks: int = 1, coinbase: bytes = bytes(20)) -> tuple[bytes, ...]:
        """Mine blocks whose `prevrandao` comes from the parent hash; eth-tester draws it from the system."""
        return tuple(self._mine_block(coinbase) for _ in range(num_blocks))

    def _mine_block(self, coinbase: bytes) -> bytes:
        mix_hash = keccak(self.chain.header.parent_hash)
        block = self.chain.mine_block(coinbase=coinbase, mix_hash=mix_hash, blob_gas_used=0)
        return bytes(block.hash)

    def call(self, transaction: dict[str, Any], block_number: int | str = PENDING) -> bytes:
        """Execute without keeping the effects and return what the contract returned."""
        return bytes(self._simulate(transaction, block_number).output)

    def estimate_gas(self, transaction: dict[str, Any], block_number: int | str = PENDING) -> int:
        """Return the gas limit one execution needs: refunds not deducted, calldata floor of EIP-7623 kept."""
        without_gas = {key: value for key, value in transaction.items() if key != "gas"}
        computation = self._simulate(without_gas, block_number)
        data: bytes = transaction.get("data", b"")
        floor = FLOOR_GAS + FLOOR_GAS_PER_TOKEN * (4 * len(data) - 3 * data.count(0))
        return max(BLOCK_GAS_LIMIT - int(computation.get_gas_remaining()), floor)

    def get_transaction_by_hash(self, transaction_hash: bytes) -> dict[str, Any]:
        """Look a mined transaction up in the index; eth-tester walks back through all blocks."""
        block, index = self._mined(transaction_hash)
        return dict(serialize_transaction(block, block.transactions[index], index, False))

    def get_transaction_receipt(self, transaction_hash: bytes) -> dict[str, Any]:
        """Look the receipt of a mined transaction up in the index."""
        block, index = self._mined(transaction_hash)
        receipts = block.get_receipts(self.chain.chaindb)
        transaction = block.transactions[index]
        vm = self.chain.get_vm()
        return dict(serialize_transaction_receipt(block, receipts, transaction, index, False, vm))

    def raw_header(self, number: int) -> bytes:
        """Give the bytes of a block's header, whose hash is the block's: eth-tester's JSON pads its extra data."""
        return bytes(rlp.encode(self._block(number).header))

    def raw_receipts(self, number: int) -> list[bytes]:
        """Give the bytes of a block's receipts, as its receipts root covers them."""
        return [receipt.encode() for receipt in self._block(number).get_receipts(self.chain.chaindb)]

    def raw_block(self, number: int) -> bytes:
        """Give the bytes of a whole block."""
        return bytes(rlp.encode(self._block(number)))

    def _block(self, number: int) -> BlockAPI:
        try:
            return self.chain.get_canonical_block_by_number(BlockNumber(number))
        except HeaderNotFound as error:
            raise BlockNotFound(str(error)) from error

    def _mined(self, transaction_hash: bytes) -> tuple[BlockAPI, int]:
        """Keep blocks once decoded: recovering a sender from its signature takes 10 ms, and blocks never change."""
        try:
            number, index = self.chain.chaindb.get_transaction_index(Hash32(transaction_hash))
        except EVMTransactionNotFound as error:
            raise TransactionNotFound(str(error)) from error
        if number not in self._blocks:
            self._blocks[number] = self.chain.get_canonical_block_by_number(number)
        return self._blocks[number], index

    def _simulate(self, transaction: dict[str, Any], block_number: int | str) -> ComputationAPI:
        unsigned = self._get_normalized_and_unsigned_evm_transaction(
            {"gas": BLOCK_GAS_LIMIT, **transaction}, block_number
        )
        state = _get_vm_for_block_number(self.chain, block_number).state
        snapshot = state.snapshot()
        computation: ComputationAPI = state.apply_transaction(
            SpoofTransaction(unsigned, from_=transaction["from"])
        )
        state.revert(snapshot)
        if computation.is_error:
            raise CallRevertedError(bytes(computation.output))
        return computation


@cache
def _development_keys() -> tuple[PrivateKey, ...]:
    """Derive the keys once a process; it takes most of a second."""
    return tuple(get_account_keys_from_mnemonic(MNEMONIC, quantity=ACCOUNTS, hd_path=HD_PATH))
