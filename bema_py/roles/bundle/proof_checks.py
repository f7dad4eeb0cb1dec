"""Checks of a bundle's proofs: headers, receipts, blooms, transactions, and how the contract came to be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bema_py.chain.abi import artifact
from bema_py.chain.block_evidence import BlockEvidence, ProvedTransaction, block_events
from bema_py.chain.deployment import Deployment, code_hash, init_code
from bema_py.chain.ethereum_header import EthereumHeader, decode_header
from bema_py.chain.ethereum_trie import list_root, proved_value
from bema_py.chain.events import Event
from bema_py.chain.raw_transactions import decode_creation
from bema_py.chain.receipts import bloom_excludes, bloom_of, decode_receipt
from bema_py.core.types import hex0x
from bema_py.roles.checks import Check, CheckBook


@dataclass
class ProofWalk:
    """Walks a bundle's blocks and enters in the book what they prove; `known` is the block of the supplied hash."""

    book: CheckBook
    deployment: Deployment
    wanted: bytes | None
    last: EthereumHeader | None = None
    known: int | None = None

    def events(self, blocks: Iterable[BlockEvidence]) -> Iterator[Event]:
        """Yield the events that the receipts hold, in order; a fault is a finding, and the walk goes on."""
        for block in blocks:
            header = decode_header(block.header)
            self._link(header)
            if block.receipts is None:
                self._gap(header)
            else:
                events = self._receipts(header, block)
                self._transactions(header, block, events)
                yield from events
            if header.number == self.deployment.block_number:
                check_creation(self.book, self.deployment, header, block)
            self.last = header

    def _link(self, header: EthereumHeader) -> None:
        if header.hash == self.wanted:
            self.known = header.number
        if self.last is None:
            expected = self.deployment.block_number
            message = (
                f"the first header is that of block {header.number}, the contract is of block {expected}"
            )
            self.book.expect(Check.HEADERS, header.number == expected, message)
            return
        holds = (header.parent, header.number) == (self.last.hash, self.last.number + 1)
        self.book.expect(
            Check.HEADERS,
            holds,
            f"the header of block {header.number} names the parent {hex0x(header.parent)}, before it stands "
            f"block {self.last.number}, {hex0x(self.last.hash)}",
        )

    def _gap(self, header: EthereumHeader) -> None:
        self.book.expect(
            Check.BLOOM,
            bloom_excludes(header, self.deployment.address),
            f"the bundle has no receipts of block {header.number}, whose logs bloom does not exclude the contract",
        )

    def _receipts(self, header: EthereumHeader, block: BlockEvidence) -> list[Event]:
        encoded = block.receipts or ()
        root = list_root(encoded)
        self.book.expect(
            Check.RECEIPTS,
            root == header.receipts_root,
            f"the receipts of block {header.number} give the root {hex0x(root)}, its header has "
            f"{hex0x(header.receipts_root)}",
        )
        with self.book.reading(Check.RECEIPTS):
            bloom = bloom_of([decode_receipt(each) for each in encoded])
            message = f"the logs of block {header.number} give another bloom than its header has"
            self.book.expect(Check.BLOOM, bloom == header.bloom, message)
            return block_events(self.deployment.address, header, block)
        return []

    def _transactions(self, header: EthereumHeader, block: BlockEvidence, events: list[Event]) -> None:
        proved = {each.index for each in block.transactions if is_proved(header, each)}
        for index in sorted({event.position.transaction_index for event in events}):
            message = (
                f"transaction {index} of block {header.number} is not proved under the transactions root"
            )
            self.book.expect(Check.TRANSACTIONS, index in proved, message)


def is_proved(header: EthereumHeader, transaction: ProvedTransaction) -> bool:
    """Whether a transaction's nodes prove it under a header's transactions root."""
    found = proved_value(header.transactions_root, transaction.index, transaction.proof)
    return found == transaction.data


def check_creation(
    book: CheckBook, deployment: Deployment, header: EthereumHeader, block: BlockEvidence
) -> None:
    """Check that the recorded transaction, proved in its block, created the contract as this program would."""
    with book.reading(Check.CREATION):
        fault = _creation_fault(deployment, header, block)
        book.expect(Check.CREATION, fault is None, f"the contract's creation: {fault}")


def _creation_fault(deployment: Deployment, header: EthereumHeader, block: BlockEvidence) -> str | None:
    """Say what speaks against the contract's creation, None if nothing does."""
    name = deployment.transaction_hash
    found = [each for each in block.transactions if each.hash == name and is_proved(header, each)]
    if not found:
        return f"transaction {hex0x(name)} is not proved in block {header.number}"
    creation = decode_creation(found[0].data)
    if creation is None:
        return f"transaction {hex0x(name)} creates no contract itself, so nothing shows the contract's code"
    if creation.address != deployment.address:
        return f"transaction {hex0x(name)} creates {hex0x(creation.address)}"
    if creation.chain_id not in (None, deployment.chain_id):
        return f"transaction {hex0x(name)} is of chain {creation.chain_id}"
    if creation.init_code != init_code(deployment.parameters, deployment.founders):
        return "its code is not this program's with the recorded parameters and founders"
    if deployment.code_hash != code_hash(artifact().runtime):
        return f"the record names the code hash {hex0x(deployment.code_hash)}, the code created has another"
    receipts = block.receipts or ()
    if found[0].index >= len(receipts) or not decode_receipt(receipts[found[0].index]).succeeded:
        return f"no receipt says that transaction {hex0x(name)} succeeded"
    return None
