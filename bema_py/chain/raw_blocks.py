"""The bytes of headers, receipts and transactions, from what a node says about a block."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bema_py.chain.connection import EMBEDDED, Chain
from bema_py.chain.errors import BlockMissingError, ChainError, ChainResponseError
from bema_py.chain.ethereum_header import header_from_json
from bema_py.chain.plain import unhex
from bema_py.chain.raw_transactions import transaction_from_json
from bema_py.chain.receipts import receipt_from_json
from bema_py.chain.rlp_items import RlpError, decode_list, encode_item


class RawBlockError(ChainError):
    """A node's answer lacks what a header, a receipt or a transaction is made of."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"Ethereum block {number} cannot be rebuilt from the node's answer: {reason}")
        self.number, self.reason = number, reason


def raw_header(chain: Chain, number: int) -> tuple[bytes, bytes]:
    """Give a header's bytes, and the hash that the node says it has. Raises `RawBlockError`."""
    block = _block(chain, number, whole=False)
    with _rebuilding(number):
        stated = unhex(block["hash"])
        # eth-tester pads the extra data in its JSON, so the embedded chain gives the bytes themselves.
        return _raw(chain, "Header", number) if chain.url == EMBEDDED else header_from_json(block), stated


def raw_receipts(chain: Chain, number: int) -> list[bytes]:
    """Give the bytes of all receipts of a block. Raises `RawBlockError`."""
    with _rebuilding(number):
        if chain.url == EMBEDDED:
            return [unhex(each) for each in chain.request("debug_getRawReceipts", [hex(number)])]
        return [receipt_from_json(each) for each in _receipts(chain, number)]


def raw_transactions(chain: Chain, number: int) -> list[bytes]:
    """Give the bytes of all transactions of a block. Raises `RawBlockError`."""
    with _rebuilding(number):
        if chain.url == EMBEDDED:
            given = decode_list(_raw(chain, "Block", number), "block")[1]
            # Within a block a transaction without a type stands as the list that it is.
            return [encode_item(each) if isinstance(each, list) else each for each in given]
        return [transaction_from_json(each) for each in _block(chain, number, whole=True)["transactions"]]


def _receipts(chain: Chain, number: int) -> list[Mapping[str, Any]]:
    """Ask for all receipts of a block at once, and of a node that cannot one by one."""
    try:
        answer = chain.request("eth_getBlockReceipts", [hex(number)])
        if answer is not None:
            return list(answer)
    except ChainResponseError:
        pass
    hashes = _block(chain, number, whole=False)["transactions"]
    return [chain.request("eth_getTransactionReceipt", [each]) for each in hashes]


def _block(chain: Chain, number: int, *, whole: bool) -> Mapping[str, Any]:
    block = chain.request("eth_getBlockByNumber", [hex(number), whole])
    if block is None:
        raise BlockMissingError(number)
    return dict(block)


def _raw(chain: Chain, what: str, number: int) -> bytes:
    return unhex(chain.request(f"debug_getRaw{what}", [hex(number)]))


@contextmanager
def _rebuilding(number: int) -> Iterator[None]:
    """Name the block whose description is not what it should be."""
    try:
        yield
    except RlpError as error:
        raise RawBlockError(number, str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RawBlockError(number, f"{type(error).__name__} {error}") from error
