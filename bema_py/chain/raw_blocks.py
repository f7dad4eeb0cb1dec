"""The bytes of headers, receipts and transactions, from what a node says about several blocks at once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bema_py.chain.connection import EMBEDDED, Chain
from bema_py.chain.errors import BlockMissingError, ChainError, ChainResponseError
from bema_py.chain.ethereum_header import header_from_json
from bema_py.chain.raw_transactions import transaction_from_json
from bema_py.chain.receipts import receipt_from_json
from bema_py.chain.rlp_items import RlpError, decode_list, encode_item
from bema_py.core.types import unhex


class RawBlockError(ChainError):
    """A node's answer lacks what a header, a receipt or a transaction is made of."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"Ethereum block {number} cannot be rebuilt from the node's answer: {reason}")
        self.number, self.reason = number, reason


def raw_headers(chain: Chain, numbers: Sequence[int]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the bytes of each block's header, and the hash that the node says it has. Raises `RawBlockError`."""
    blocks = _blocks(chain, numbers, whole=False)
    # eth-tester pads the extra data in its JSON, so the embedded chain gives the bytes themselves.
    raw = _debug(chain, "RawHeader", numbers) if chain.url == EMBEDDED else None
    for place, (number, block) in enumerate(zip(numbers, blocks, strict=True)):
        with _rebuilding(number):
            yield unhex(raw[place]) if raw else header_from_json(block), unhex(block["hash"])


def raw_receipts(chain: Chain, numbers: Sequence[int]) -> Iterator[list[bytes]]:
    """Yield the bytes of all receipts of each block. Raises `RawBlockError`."""
    embedded = chain.url == EMBEDDED
    given = _debug(chain, "RawReceipts", numbers) if embedded else _receipts(chain, numbers)
    for number, receipts in zip(numbers, given, strict=True):
        with _rebuilding(number):
            yield [unhex(each) if embedded else receipt_from_json(each) for each in receipts]


def raw_transactions(chain: Chain, numbers: Sequence[int]) -> Iterator[list[bytes]]:
    """Yield the bytes of all transactions of each block. Raises `RawBlockError`."""
    embedded = chain.url == EMBEDDED
    given = _debug(chain, "RawBlock", numbers) if embedded else _blocks(chain, numbers, whole=True)
    for number, block in zip(numbers, given, strict=True):
        with _rebuilding(number):
            yield (
                _of_raw_block(unhex(block))
                if embedded
                else [transaction_from_json(each) for each in block["transactions"]]
            )


def _of_raw_block(block: bytes) -> list[bytes]:
    """Give a block's transactions; within it one without a type stands as the list that it is."""
    _, transactions, *_ = decode_list(block, "block")
    return [encode_item(each) if isinstance(each, list) else each for each in transactions]


def _receipts(chain: Chain, numbers: Sequence[int]) -> list[list[Any]]:
    """Ask for all receipts of a block at once, and of a node that cannot one by one."""
    try:
        answers = ask_all(chain, [("eth_getBlockReceipts", [hex(number)]) for number in numbers])
    except ChainResponseError:
        answers = [None] * len(numbers)
    return [
        _receipts_of(chain, number) if answer is None else answer
        for number, answer in zip(numbers, answers, strict=True)
    ]


def _receipts_of(chain: Chain, number: int) -> list[Any]:
    (block,) = _blocks(chain, [number], whole=False)
    with _rebuilding(number):
        hashes = list(block["transactions"])
    return ask_all(chain, [("eth_getTransactionReceipt", [each]) for each in hashes])


def _blocks(chain: Chain, numbers: Sequence[int], *, whole: bool) -> list[Mapping[str, Any]]:
    blocks = ask_all(chain, [("eth_getBlockByNumber", [hex(number), whole]) for number in numbers])
    for number, block in zip(numbers, blocks, strict=True):
        if block is None:
            raise BlockMissingError(number)
    return blocks


def _debug(chain: Chain, what: str, numbers: Sequence[int]) -> list[Any]:
    return ask_all(chain, [(f"debug_get{what}", [hex(number)]) for number in numbers])


def ask_all(chain: Chain, asked: Sequence[tuple[str, list[Any]]]) -> list[Any]:
    """Send requests in one batch, and to a node that refuses so many in halves; raises for the first one refused."""
    if not asked:
        return []
    try:
        return chain.request_all(asked)
    except ChainResponseError:
        if len(asked) == 1:
            raise
    middle = len(asked) // 2
    return ask_all(chain, asked[:middle]) + ask_all(chain, asked[middle:])


@contextmanager
def _rebuilding(number: int) -> Iterator[None]:
    """Name the block whose description is not what it should be."""
    try:
        yield
    except RlpError as error:
        raise RawBlockError(number, str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RawBlockError(number, f"{type(error).__name__} {error}") from error
