"""The shared vector files, which a second implementation wrote."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bema_py.core import batch, block_body, header, leaves, merkle, model_card, public_set, rules
from bema_py.core.cid import CidTextError, cid_from_bytes, cid_text, object_cid, parse_cid, verify
from bema_py.core.encoding import digest
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.types import PartyType
from bema_py.core.unixfs import import_file, read_file

VECTORS = Path(__file__).parents[2] / "vectors"


def cases(name):
    loaded = json.loads((VECTORS / f"{name}.json").read_text())["cases"]
    assert len({tuple(sorted(case)) for case in loaded}) == 1, "every case has the same keys"
    labels = (
        "{i}-{kind}-{name}".format(i=i, kind=c.get("kind", ""), name=c.get("name", ""))
        for i, c in enumerate(loaded)
    )
    return pytest.mark.parametrize(
        "case", [pytest.param(c, id=label.replace(" ", "_")) for c, label in zip(loaded, labels, strict=True)]
    )


def raw(text):
    return bytes.fromhex(text.removeprefix("0x"))


def raises(error):
    """Expect the error that a vector names."""
    return pytest.raises(BemaError, check=lambda found: type(found).__name__ == f"{error}Error")


def test_the_files_are_what_the_generator_writes():
    run = subprocess.run(
        [sys.executable, VECTORS / "generate.py", "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@cases("merkle")
def test_merkle(case):
    row = [raw(leaf) for leaf in case["leaves"]]
    assert merkle.merkle_apex(row) == raw(case["apex"])
    question = (
        raw(case["root"]),
        raw(case["leaf"]),
        case["index"],
        case["count"],
        [raw(p) for p in case["proof"]],
    )
    if case["error"]:
        with raises(case["error"]):
            merkle.verify_inclusion(*question)
        return
    assert merkle.verify_inclusion(*question) is case["valid"]
    if case["valid"]:
        assert merkle.merkle_root(row) == raw(case["root"])
        assert merkle.merkle_proof(row, case["index"]) == tuple(question[4])


@cases("header")
def test_header(case):
    if case["error"] == "HeaderLength":
        with pytest.raises(header.HeaderLengthError):
            header.BlockHeader.decode(raw(case["header"]))
        return
    info = header.miner_info_hash(raw(case["miner"]), PartyType(case["party_type"]))
    genesis = header.genesis_hash(int(case["chain_id"], 16), raw(case["contract"]), raw(case["rules"]))
    assert (info, genesis) == (raw(case["miner_info"]), raw(case["genesis"]))
    numbers = int(case["timestamp"], 16), int(case["nonce"], 16)
    built = header.BlockHeader(raw(case["parent"]), raw(case["merkle_root"]), info, *numbers)
    assert built.encode() == raw(case["header"])
    assert header.BlockHeader.decode(built.encode()) == built
    assert built.hash() == raw(case["hash"])
    assert (int.from_bytes(built.hash(), "big") < int(case["target"], 16)) is case["valid"]


def number(data):
    return int.from_bytes(data, "big")


def leaf_hash(kind, fields):
    """Hash what a case describes, with the code under test."""
    if kind == "calibration record":
        rules_digest, miner, party_type, height, count, listed, statements, *counts = fields
        numbers = number(party_type), number(height), number(count)
        record = leaves.CalibrationRecord(
            rules_digest, miner, *numbers, listed, statements, *map(number, counts)
        )
        return record.preimage(), record.leaf()
    if kind == "sample":
        sample, owner, commitment, *numbers = fields
        leaf = leaves.SampleLeaf(sample, number(owner), commitment, *map(number, numbers))
        return leaf.preimage(), leaf.leaf()
    if kind in ("model update", "batch item"):
        leaf = (
            leaves.ModelUpdate(number(fields[0]), *fields[1:])
            if kind == "model update"
            else leaves.BatchItem(*fields)
        )
        return leaf.preimage(), leaf.leaf()
    if kind == "reward":
        reward = leaves.RewardLeaf(fields[0], number(fields[1]))
        return reward.preimage(), reward.leaf()
    preimage = (b"\x03" if kind == "sample id" else b"") + b"".join(fields)
    if kind == "sample id":
        return preimage, leaves.sample_id(fields[2], number(fields[0]))
    return preimage, leaves.processing_key(*fields) if kind == "processing key" else leaves.batches_digest(
        fields
    )


@cases("leaves")
def test_leaves(case):
    fields = [raw(field) for field in case["fields"]]
    if case["error"]:
        with raises(case["error"]):
            leaf_hash(case["kind"], fields)
        return
    preimage, found = leaf_hash(case["kind"], fields)
    assert (preimage, found) == (raw(case["preimage"]), raw(case["hash"]))
    # A node's preimage has 65 bytes and a header's 112: a leaf must never be mistaken for either.
    assert case["prefix"][:4] != "0x00" or len(preimage) not in (65, 112)


KINDS = {
    "rules": rules.Rules,
    "model card": model_card.ModelCard,
    "batch": batch.Batch,
    "public set": public_set.PublicSet,
    "block body": block_body.BlockBody,
}


@cases("objects")
def test_objects(case):
    data = raw(case["bytes"])
    assert digest(data) == raw(case["digest"])
    assert cid_text(object_cid(digest(data))) == case["cid"]
    if case["error"]:
        with raises(case["error"]) as caught:
            KINDS[case["kind"]].from_bytes(data)
        assert isinstance(caught.value, MalformedError)
        return
    decoded = KINDS[case["kind"]].from_bytes(data)
    assert decoded.to_bytes() == data
    assert decoded.digest() == digest(data)


@cases("cid")
def test_cid(case):
    if case["error"]:
        with pytest.raises(CidTextError):
            parse_cid(case["text"])
        return
    cid = parse_cid(case["text"])
    content = raw(case["content"]) * case["repeat"]
    assert cid_text(cid) == case["text"]
    assert bytes(cid) == raw(case["binary"])
    assert cid_from_bytes(bytes(cid)) == cid
    if case["kind"] == "block":
        assert verify(cid, content)
        assert not verify(cid, content + b"\0")
    else:
        root, blocks = import_file(content)
        assert root == cid
        assert read_file(root, dict(blocks).__getitem__, len(content)) == content
