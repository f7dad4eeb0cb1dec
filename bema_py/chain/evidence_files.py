"""The proofs of a contract's events as three files of RLP items, written and read block by block."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar

from bema_py.chain.block_evidence import BlockEvidence, ProvedTransaction
from bema_py.chain.ethereum_header import MAX_HEADER_SIZE, decode_header
from bema_py.chain.raw_transactions import MAX_TRANSACTION_SIZE
from bema_py.chain.receipts import MAX_RECEIPTS_SIZE
from bema_py.chain.rlp_items import (
    RlpError,
    check_bytes_of,
    check_list,
    decode_list,
    encode_item,
    read_integer,
    read_items,
)

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

RECEIPTS, TRANSACTIONS = "receipts", "transactions"
MAX_RECEIPTS = 2**16
"""In one block: each transaction costs at least 21,000 gas."""
T = TypeVar("T")


def write_evidence(
    block: BlockEvidence,
    headers: "SupportsWrite[bytes]",
    receipts: "SupportsWrite[bytes]",
    transactions: "SupportsWrite[bytes]",
) -> None:
    """Add one block: its header, [number, [receipt, ...]], and [number, index, transaction, [node, ...]] each."""
    headers.write(block.header)
    if block.receipts is not None:
        receipts.write(encode_item([block.number, list(block.receipts)]))
    for each in block.transactions:
        transactions.write(encode_item([block.number, each.index, each.data, list(each.proof)]))


@dataclass
class EvidenceReader:
    """Reads the three files side by side in bounded memory; `strays` names what stands without its header.

    Iterating raises `RlpError` where a file is malformed; nothing after that place can be read.
    """

    headers: BinaryIO
    receipts: BinaryIO
    transactions: BinaryIO
    strays: list[str] = field(default_factory=list)

    def blocks(self) -> Iterator[BlockEvidence]:
        """Yield the blocks in the order of their headers."""
        receipts = _Queue(RECEIPTS, _receipts(self.receipts), self.strays)
        transactions = _Queue(TRANSACTIONS, _transactions(self.transactions), self.strays)
        for data in read_items(self.headers, "headers", MAX_HEADER_SIZE):
            number = decode_header(data).number
            found = receipts.take(number)
            proved = tuple(transactions.take(number))
            yield BlockEvidence(number, data, found[0] if found else None, proved)
            self.strays += [f"{RECEIPTS} of Ethereum block {number} stand twice" for _ in found[1:]]
        receipts.finish()
        transactions.finish()


class _Queue(Generic[T]):
    """The entries of one file, in the order of their blocks; entries of no block are strays."""

    def __init__(self, what: str, entries: Iterator[tuple[int, T]], strays: list[str]) -> None:
        self._what, self._entries, self._strays = what, entries, strays
        self._next = next(entries, None)

    def take(self, number: int) -> list[T]:
        """Take the entries of a block; those of earlier blocks that nobody took are strays."""
        taken: list[T] = []
        while self._next is not None and self._next[0] <= number:
            if self._next[0] == number:
                taken.append(self._next[1])
            else:
                self._stray(self._next[0])
            self._next = next(self._entries, None)
        return taken

    def finish(self) -> None:
        """Call what is left strays."""
        while self._next is not None:
            self._stray(self._next[0])
            self._next = next(self._entries, None)

    def _stray(self, number: int) -> None:
        self._strays.append(f"{self._what} of Ethereum block {number} stand without its header in this order")


def _receipts(file: BinaryIO) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    for data in read_items(file, RECEIPTS, MAX_RECEIPTS_SIZE):
        number, values = decode_list(data, RECEIPTS, (2,))
        yield (
            read_integer(number, f"{RECEIPTS} number", 8),
            tuple(check_bytes_of(each, RECEIPTS) for each in _bounded(check_list(values, RECEIPTS))),
        )


def _bounded(receipts: list[Any]) -> list[Any]:
    if len(receipts) > MAX_RECEIPTS:
        raise RlpError(RECEIPTS, f"{len(receipts)} in one block, limit {MAX_RECEIPTS}")
    return receipts


def _transactions(file: BinaryIO) -> Iterator[tuple[int, ProvedTransaction]]:
    for item in read_items(file, TRANSACTIONS, MAX_TRANSACTION_SIZE):
        number, index, data, proof = decode_list(item, TRANSACTIONS, (4,))
        nodes = tuple(check_bytes_of(each, TRANSACTIONS) for each in check_list(proof, TRANSACTIONS))
        proved = ProvedTransaction(
            read_integer(index, f"{TRANSACTIONS} index", 4), check_bytes_of(data, TRANSACTIONS), nodes
        )
        yield read_integer(number, f"{TRANSACTIONS} number", 8), proved
