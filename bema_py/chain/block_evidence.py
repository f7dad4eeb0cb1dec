"""What proves a contract's events: headers, receipts and transactions, read from a chain and checked against it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from eth_utils.crypto import keccak

from bema_py.chain.connection import Chain
from bema_py.chain.deployment import Deployment
from bema_py.chain.errors import ChainError, HistoryChangedError
from bema_py.chain.ethereum_header import EthereumHeader, decode_header
from bema_py.chain.ethereum_trie import list_proof, list_root
from bema_py.chain.events import Event, decode_log
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.raw_blocks import raw_headers, raw_receipts, raw_transactions
from bema_py.chain.receipts import bloom_excludes, decode_receipt, logs_of
from bema_py.core.types import Address, hex0x

HEADERS_AT_ONCE, BLOCKS_AT_ONCE = 200, 8
"""Asked for in one batch; of a block all receipts and transactions, which may be megabytes."""
T = TypeVar("T")


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


def read_evidence(
    chain: Chain, deployment: Deployment, last: int, after: EthereumHeader | None = None
) -> Iterator[BlockEvidence]:
    """Yield the evidence of every block from the deployment, or behind `after`, to `last`, each checked by its header.

    Receipts stand with the deployment's block and with every block whose bloom does not exclude the contract;
    transactions are the deployment's and those with events. Raises `BlockEvidenceError`, `RawBlockError`,
    `HistoryChangedError`.
    """
    first = after.number + 1 if after else deployment.block_number
    for numbers in _pieces(range(first, last + 1), HEADERS_AT_ONCE):
        blocks: list[tuple[EthereumHeader, bytes]] = []
        for number, (data, stated) in zip(numbers, raw_headers(chain, numbers), strict=True):
            header = decode_header(data)
            _expect(number, "header fields", stated, header.hash)
            if after is not None and header.parent != after.hash:
                raise HistoryChangedError(number - 1, after.hash, header.parent)
            blocks.append((header, data))
            after = header
        for piece in _pieces(blocks, BLOCKS_AT_ONCE):
            yield from _evidence(chain, deployment, piece)


def block_events(contract: Address, header: EthereumHeader, block: BlockEvidence) -> list[Event]:
    """Decode the contract's events from a block's receipts; a transaction that is not there has the hash zero.

    Raises `RlpError` for receipts that are none and `ResultError` for logs that do not fit the ABI.
    """
    names = {each.index: each.hash for each in block.transactions}
    logs = logs_of(header, map(decode_receipt, block.receipts or ()), contract, names)
    events = (decode_log(log, header.timestamp) for log in logs)
    return [event for event in events if event is not None]


def _evidence(
    chain: Chain, deployment: Deployment, blocks: Sequence[tuple[EthereumHeader, bytes]]
) -> Iterator[BlockEvidence]:
    told = [
        header
        for header, _ in blocks
        if header.number == deployment.block_number or not bloom_excludes(header, deployment.address)
    ]
    receipts = _receipts(chain, told)
    proved = _proved(chain, deployment, told, receipts)
    for header, data in blocks:
        number = header.number
        yield BlockEvidence(number, data, receipts.get(number), proved.get(number, ()))


def _receipts(chain: Chain, headers: Sequence[EthereumHeader]) -> dict[int, tuple[bytes, ...]]:
    found = {}
    given = raw_receipts(chain, [header.number for header in headers])
    for header, receipts in zip(headers, given, strict=True):
        _expect(header.number, "receipts", header.receipts_root, list_root(receipts))
        found[header.number] = tuple(receipts)
    return found


def _proved(
    chain: Chain,
    deployment: Deployment,
    headers: Sequence[EthereumHeader],
    receipts: Mapping[int, tuple[bytes, ...]],
) -> dict[int, tuple[ProvedTransaction, ...]]:
    """Give the transactions with events, and the one that created the contract, by their blocks."""
    wanted = {}
    for header in headers:
        logs = logs_of(header, map(decode_receipt, receipts[header.number]), deployment.address, {})
        wanted[header.number] = {int(log["transactionIndex"]) for log in logs}
    asked = [each for each in headers if wanted[each.number] or each.number == deployment.block_number]
    found = {}
    given = raw_transactions(chain, [header.number for header in asked])
    for header, transactions in zip(asked, given, strict=True):
        _expect(header.number, "transactions", header.transactions_root, list_root(transactions))
        created = {
            index
            for index, each in enumerate(transactions)
            if header.number == deployment.block_number and keccak(each) == deployment.transaction_hash
        }
        found[header.number] = tuple(
            ProvedTransaction(index, transactions[index], tuple(list_proof(transactions, index)))
            for index in sorted(wanted[header.number] | created)
        )
    return found


def _pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _expect(number: int, what: str, stated: bytes, found: bytes) -> None:
    if stated != found:
        raise BlockEvidenceError(number, what, stated, found)
