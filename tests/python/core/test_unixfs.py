"""UnixFS files: Kubo's own identifiers, the shape of the tree, and files that lie about theirs."""

import contextlib
from hashlib import sha256

import pytest
from Crypto.Cipher import ChaCha20
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.core.cid import cid_text, node_cid, parse_cid, raw_cid
from bema_py.core.dag_pb import FileLink, NodeError, decode_node, encode_node
from bema_py.core.errors import MalformedError
from bema_py.core.unixfs import (
    CHUNK,
    MAX_LINKS,
    FileShapeError,
    FileTooLargeError,
    build_tree,
    import_file,
    read_file,
)


def keystream(seed):
    """Give the generator of the deterministic files of Kubo's test/cli/cid_profiles_test.go."""
    return ChaCha20.new(key=sha256(seed.encode()).digest(), nonce=bytes(12))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        (CHUNK, "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta"),
        (CHUNK + 1, "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64"),
    ],
)
def test_files_have_the_identifiers_that_kubo_gives(data, text):
    if isinstance(data, int):
        data = keystream("chunk-v1-seed").encrypt(bytes(data))
    assert cid_text(import_file(data)[0]) == text


@pytest.mark.slow
def test_a_full_node_and_one_byte_more_have_the_identifiers_that_kubo_gives():
    stream = keystream("v1-2025-seed")
    zeros = bytes(CHUNK)
    links = [
        FileLink(raw_cid(sha256(stream.encrypt(zeros)).digest()), CHUNK, CHUNK) for _ in range(MAX_LINKS)
    ]
    assert cid_text(build_tree(links)[0]) == "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm"
    links.append(FileLink(raw_cid(sha256(stream.encrypt(b"\0")).digest()), 1, 1))
    assert cid_text(build_tree(links)[0]) == "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe"


def independent_fields(data):
    """Read protobuf fields with no knowledge of their meaning: (number, value) in order."""
    fields = []
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        value = varint()
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        fields.append((key >> 3, value))
    return fields


def test_an_independent_decoder_reads_the_nodes():
    root, blocks = import_file(bytes(2 * CHUNK + 7))
    *links, (number, data) = independent_fields(dict(blocks)[root])
    assert number == 1 and {number for number, _ in links} == {2}
    assert independent_fields(data) == [(1, 2), (3, 2 * CHUNK + 7), (4, CHUNK), (4, CHUNK), (4, 7)]
    leaves = [independent_fields(link) for _, link in links]
    sizes = (CHUNK, CHUNK, 7)
    assert leaves == [
        [(1, bytes(raw_cid(sha256(bytes(size)).digest()))), (2, b""), (3, size)] for size in sizes
    ]


def stored(blocks):
    table = dict(blocks)

    def get(cid):
        return table[cid]

    return get


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_reading_gives_what_was_imported(size):
    data = keystream("any").encrypt(bytes(size))
    root, blocks = import_file(data)
    assert read_file(root, stored(blocks), size) == data
    if size:
        with pytest.raises(FileTooLargeError) as caught:
            read_file(root, stored(blocks), size - 1)
        assert (caught.value.size, caught.value.limit) == (size, size - 1)


def leaf(data):
    return FileLink(raw_cid(sha256(data).digest()), len(data), len(data)), (
        raw_cid(sha256(data).digest()),
        data,
    )


def file_of(*links):
    block = encode_node(list(links))
    cid = node_cid(sha256(block).digest())
    return FileLink(cid, sum(x.file_size for x in links), len(block) + sum(x.total_size for x in links)), (
        cid,
        block,
    )


def test_trees_of_another_shape_are_refused():
    full, full_block = leaf(bytes(CHUNK))
    small, small_block = leaf(b"abc")
    blocks = [full_block, small_block]
    single, single_block = file_of(small)
    uneven, uneven_block = file_of(small, full)
    nested, nested_block = file_of(full, single)
    lying, lying_block = file_of(full, FileLink(small.cid, 4, 4))
    total, total_block = file_of(full, FileLink(small.cid, 3, 5))
    blocks += [single_block, uneven_block, nested_block, lying_block, total_block]
    for link in (single, uneven, nested, lying, total):
        with pytest.raises(FileShapeError):
            read_file(link.cid, stored(blocks), 10 * CHUNK)


def test_a_leaf_of_the_wrong_size_is_named():
    full, full_block = leaf(bytes(CHUNK))
    small, small_block = leaf(b"abc")
    lying, lying_block = file_of(full, FileLink(small.cid, 4, 4))
    with pytest.raises(FileShapeError, match="a leaf has 3 bytes, its place requires 4") as caught:
        read_file(lying.cid, stored([full_block, small_block, lying_block]), 10 * CHUNK)
    assert caught.value.cid == small.cid


def test_a_raw_block_above_one_chunk_is_not_a_file():
    cid = raw_cid(sha256(bytes(CHUNK + 1)).digest())
    with pytest.raises(FileShapeError):
        read_file(cid, stored([(cid, bytes(CHUNK + 1))]), 2 * CHUNK)


def test_a_small_node_that_claims_a_large_file_costs_one_fetch():
    # Levels of nodes whose links all lead to the same child: unbounded work for a reader that trusts them.
    link, block = leaf(bytes(CHUNK))
    blocks = [block]
    for _ in range(4):
        link, block = file_of(*[link] * MAX_LINKS)
        blocks.append(block)
    fetched = []

    def get(cid):
        fetched.append(cid)
        return dict(blocks)[cid]

    with pytest.raises(FileTooLargeError):
        read_file(link.cid, get, 2**28)
    assert len(fetched) == 1


@given(st.binary(max_size=200))
def test_random_bytes_are_no_node(data):
    with contextlib.suppress(MalformedError):
        assert encode_node(decode_node(data)) == data


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.data())
def test_every_changed_byte_of_a_node_is_seen(children, data):
    links = [FileLink(raw_cid(sha256(bytes([i])).digest()), CHUNK + i, CHUNK + i) for i in range(children)]
    block = bytearray(encode_node(links))
    at = data.draw(st.integers(0, len(block) - 1))
    block[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(MalformedError):
        assert decode_node(bytes(block)) != links


def test_every_node_cut_short_or_grown_is_refused():
    block = encode_node([FileLink(raw_cid(sha256(bytes([i])).digest()), CHUNK, CHUNK) for i in range(3)])
    for length in range(len(block)):
        with pytest.raises(NodeError):
            decode_node(block[:length])
    with pytest.raises(NodeError):
        decode_node(block + b"\0")


@pytest.mark.parametrize(
    "block",
    [b"", b"\x0a\x02\x08\x02", b"\x0a\x04\x08\x02\x18\x00", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"],
)
def test_nodes_without_children_or_with_endless_numbers_are_refused(block):
    with pytest.raises(NodeError):
        decode_node(block)


def test_the_parsed_identifier_equals_the_imported_one():
    root, _ = import_file(b"hello world")
    assert parse_cid(cid_text(root)) == root
