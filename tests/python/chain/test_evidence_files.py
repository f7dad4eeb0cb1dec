"""Headers, receipts, transactions and tries as bytes: read strictly, whoever wrote them."""

import contextlib
from io import BytesIO

import pytest
import rlp
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.chain.block_evidence import BlockEvidence, ProvedTransaction
from bema_py.chain.ethereum_header import COUNTS, FIELDS, decode_header, header_from_json
from bema_py.chain.ethereum_trie import list_proof, list_root, proved_value
from bema_py.chain.evidence_files import EvidenceReader, write_evidence
from bema_py.chain.raw_transactions import decode_creation, transaction_from_json
from bema_py.chain.receipts import bloom_excludes, bloom_of, decode_receipt, receipt_from_json
from bema_py.chain.rlp_items import RlpError, decode_item, read_items

QUICK = settings(max_examples=60, deadline=None)
VALUES = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=20)
SAMPLES = {"hash": "0x" + "ab" * 32, "address": "0x" + "cd" * 20, "bloom": "0x" + "00" * 256}
SAMPLES |= {"nonce": "0x" + "00" * 8, "integer": "0x7", "bytes": "0x1234"}
LOG = {"address": "0x" + "11" * 20, "topics": ["0x" + "22" * 32], "data": "0x33"}
RECEIPT = {
    "status": "0x1",
    "cumulativeGasUsed": "0x5208",
    "logsBloom": SAMPLES["bloom"],
    "logs": [LOG],
    "type": "0x2",
}


def header(fields: int = 21) -> bytes:
    return header_from_json({name: SAMPLES[kind] for name, kind in FIELDS[:fields]})


@QUICK
@given(VALUES)
def test_an_item_is_what_the_library_says(value):
    assert decode_item(rlp.encode(value), "test") == value


@QUICK
@given(st.binary(max_size=200))
def test_other_bytes_are_an_item_or_refused(data):
    for parse in (decode_header, decode_receipt, decode_creation):
        try:
            parse(data)
        except RlpError:
            continue
    with contextlib.suppress(RlpError):
        assert rlp.encode(decode_item(data, "test")) == data
    with contextlib.suppress(RlpError):
        list(read_items(BytesIO(data), "test", 100))
    assert proved_value(bytes(32), 0, [data]) is None


@pytest.mark.parametrize("data", [b"\xc0" * 3_000_000, b"\xc1" * 5000 + b"\xc0"])
def test_many_items_and_deep_ones_are_refused(data):
    size = len(data)
    nested = bytes([0xFB]) + size.to_bytes(4, "big") + data
    with pytest.raises(RlpError, match="items or nested deeper"):
        decode_item(nested, "test")


def test_a_list_too_large_is_refused_before_it_is_read():
    for announced in (b"\xff" + b"\xff" * 8, b"\xfa\x01\x00\x01"):
        with pytest.raises(RlpError, match="limit 65536"):
            list(read_items(BytesIO(announced), "test", 65536))
    with pytest.raises(RlpError, match="are left"):
        list(read_items(BytesIO(b"\xc5\x01"), "test", 65536))
    with pytest.raises(RlpError, match="no list"):
        list(read_items(BytesIO(b"\x85hello"), "test", 65536))


@pytest.mark.parametrize("fields", COUNTS)
def test_headers_of_every_fork_hash_to_their_bytes(fields):
    data = header(fields)
    read = decode_header(data)
    assert read.hash == keccak(data)
    assert (read.number, read.timestamp, read.parent.hex()) == (7, 7, "ab" * 32)


def test_headers_of_no_fork_and_fields_of_another_size_are_refused():
    for fields in (14, 18, 19):
        with pytest.raises(RlpError):
            header(fields)
    values = rlp.decode(header())
    for place, value in (
        (0, bytes(31)),
        (2, bytes(21)),
        (6, bytes(255)),
        (8, b"\0\1"),
        (11, bytes(33)),
        (14, b""),
    ):
        with pytest.raises(RlpError):
            decode_header(rlp.encode([*values[:place], value, *values[place + 1 :]]))


@QUICK
@given(st.data())
def test_a_damaged_header_or_receipt_is_another_or_refused(data):
    for whole, parse in ((header(), decode_header), (receipt_from_json(RECEIPT), decode_receipt)):
        place = data.draw(st.integers(0, len(whole) - 1))
        flipped = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
        for damaged in (whole[:place], flipped):
            try:
                parse(damaged)
            except RlpError:
                continue


def test_a_receipts_bloom_holds_its_logs():
    receipt = decode_receipt(receipt_from_json(RECEIPT))
    assert receipt.succeeded
    bloom = bloom_of([receipt])
    fields = [SAMPLES[kind] if name != "logsBloom" else "0x" + bloom.hex() for name, kind in FIELDS]
    read = decode_header(header_from_json(dict(zip((name for name, _ in FIELDS), fields, strict=True))))
    assert not bloom_excludes(read, bytes.fromhex("11" * 20))
    assert bloom_excludes(read, bytes.fromhex("12" * 20))
    # By hand, as the documentation describes it.
    digest = keccak(bytes.fromhex("11" * 20))
    bits = [int.from_bytes(digest[place : place + 2], "big") & 2047 for place in (0, 2, 4)]
    assert all(int.from_bytes(bloom, "big") >> bit & 1 for bit in bits)


@pytest.mark.parametrize("length", [1, 2, 17, 130])
def test_a_value_of_a_list_is_proved_at_its_index_alone(length):
    values = [bytes([number % 251]) * 40 for number in range(length)]
    root = list_root(values)
    for index in {0, length // 2, length - 1}:
        proof = list_proof(values, index)
        assert proved_value(root, index, proof) == values[index]
        assert proved_value(root, index + 1, proof) in (None, ([*values, None])[index + 1])
        assert proved_value(bytes(32), index, proof) is None
        assert proved_value(root, index, proof[:-1]) in (None, values[index] if length == 1 else None)


@QUICK
@given(st.lists(VALUES.map(rlp.encode), max_size=4), st.integers(0, 5))
def test_nodes_of_strangers_prove_nothing(nodes, index):
    root = keccak(nodes[0]) if nodes else bytes(32)
    found = proved_value(root, index, nodes)
    assert found is None or isinstance(found, bytes)


def test_transactions_of_a_later_type_are_refused():
    with pytest.raises(RlpError, match="type 5"):
        transaction_from_json({"type": "0x5"})
    with pytest.raises(RlpError, match="type 5"):
        decode_creation(b"\x05\xc0")


def test_entries_of_no_block_are_strays():
    def numbered(number):
        values = rlp.decode(header())
        values[8] = number.to_bytes(1, "big")
        return rlp.encode(values)

    files = [BytesIO(), BytesIO(), BytesIO()]
    transaction = ProvedTransaction(0, b"tx", (b"node",))
    for number in (1, 2, 3, 4):
        write_evidence(BlockEvidence(number, numbered(number), (b"r",), (transaction, transaction)), *files)
    kept = BytesIO(numbered(2) + numbered(3))
    files[1].seek(0)
    files[2].seek(0)
    reader = EvidenceReader(kept, files[1], files[2])
    assert [(block.number, block.receipts, len(block.transactions)) for block in reader.blocks()] == [
        (2, (b"r",), 2),
        (3, (b"r",), 2),
    ]
    assert len(reader.strays) == 2 + 4
