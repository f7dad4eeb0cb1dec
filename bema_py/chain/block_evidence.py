"""What proves a contract's events: headers, receipts and transactions, read from a chain and checked against it."""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_utils.crypto import keccak

from bema_py.chain.connection import Chain, EthereumHash
from bema_py.chain.deployment import Deployment
from bema_py.chain.errors import ChainError, HistoryChangedError
from bema_py.chain.ethereum_header import EthereumHeader, decode_header
from bema_py.chain.ethereum_trie import list_proof, list_root
from bema_py.chain.events import Event, decode_log
from bema_py.chain.raw_blocks import raw_header, raw_receipts, raw_transactions
from bema_py.chain.receipts import bloom_excludes, decode_receipt, logs_of
from bema_py.core.types import Address, hex0x


class BlockEvidenceError(ChainError):
    """A node's answers about a block do not give the hash or the root that they should."""

    def __init__(self, number: int, what: str, stated: bytes, found: bytes) -> None:
        super().__init__(
            f"Ethereum block {number}: the node's {what} give {hex0x(found)}, the block has {hex0x(stated)}"
        )
        self.number, self.what, self.stated, self.found = number, what, stated, found


@dataclass(frozen=True)
class ProvedTransaction:
    """A transaction's bytes, and the trie nodes that prove it at its index."""

    index: int
    data: bytes
    proof: tuple[bytes, ...]

    @property
    def hash(self) -> EthereumHash:
        """The transaction's name."""
        return EthereumHash(keccak(self.data))


@dataclass(frozen=True)
class BlockEvidence:
    """One block: its header, all receipts unless its bloom excludes the contract, and the transactions with events."""

    number: int
    header: bytes
    receipts: tuple[bytes, ...] | None
    transactions: tuple[ProvedTransaction, ...]


def read_evidence(chain: Chain, deployment: Deployment, last: int) -> Iterator[BlockEvidence]:
    """Yield the evidence of every block from the deployment to `last`, each checked against its header.

    Receipts stand with the deployment's block and with every block whose bloom does not exclude the contract;
    transactions are the deployment's and those with events. Raises `BlockEvidenceError`, `RawBlockError`,
    `HistoryChangedError`.
    """
    parent: EthereumHeader | None = None
    for number in range(deployment.block_number, last + 1):
        data, stated = raw_header(chain, number)
        header = decode_header(data)
        _expect(number, "header fields", stated, header.hash)
        if parent is not None and header.parent != parent.hash:
            raise HistoryChangedError(number - 1, parent.hash, header.parent)
        yield _evidence(chain, deployment, header, data)
        parent = header


def block_events(contract: Address, header: EthereumHeader, block: BlockEvidence) -> list[Event]:
    """Decode the contract's events from a block's receipts; a transaction that is not there has the hash zero.

    Raises `RlpError` for receipts that are none and `ResultError` for logs that do not fit the ABI.
    """
    names = {each.index: each.hash for each in block.transactions}
    logs = logs_of(header, map(decode_receipt, block.receipts or ()), contract, names)
    events = (decode_log(log, header.timestamp) for log in logs)
    return [event for event in events if event is not None]


def _evidence(chain: Chain, deployment: Deployment, header: EthereumHeader, data: bytes) -> BlockEvidence:
    created = header.number == deployment.block_number
    if not created and bloom_excludes(header, deployment.address):
        return BlockEvidence(header.number, data, None, ())
    receipts = tuple(raw_receipts(chain, header.number))
    _expect(header.number, "receipts", header.receipts_root, list_root(receipts))
    logs = logs_of(header, map(decode_receipt, receipts), deployment.address, {})
    wanted = {int(log["transactionIndex"]) for log in logs}
    if not wanted and not created:
        return BlockEvidence(header.number, data, receipts, ())
    transactions = raw_transactions(chain, header.number)
    _expect(header.number, "transactions", header.transactions_root, list_root(transactions))
    if created:
        names = map(keccak, transactions)
        wanted |= {index for index, name in enumerate(names) if name == deployment.transaction_hash}
    proved = tuple(
        ProvedTransaction(index, transactions[index], tuple(list_proof(transactions, index)))
        for index in sorted(wanted)
    )
    return BlockEvidence(header.number, data, receipts, proved)


def _expect(number: int, what: str, stated: bytes, found: bytes) -> None:
    if stated != found:
        raise BlockEvidenceError(number, what, stated, found)
