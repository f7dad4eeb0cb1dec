"""Stored objects and identifiers, good and bad."""

from hashlib import sha256

from plain import CHUNK, Link, cbor, cid, file_cid, text

Case = dict[str, object]
DIGEST = sha256(b"digest").digest()
PARAMETERS = cid(0x55, b"parameters")

RULES = {
    "version": 1,
    "classes": 10,
    "input": [1, 28, 28],
    "alpha": [2, 3],
    "delta": 10066330,
    "sigma": 3355443,
    "step_initial": 2147484,
    "step_decay": 1009317315,
    "step_minimum": 1,
    "cap": 2**18,
    "mode": "log",
    "wrong_class": "largest",
    "round_size": 63,
    "max_samples": 200,
    "max_batch_samples": 1000,
    "block_reward": (10**16).to_bytes(12, "big"),
    "sample_reward": bytes(12),
    "learners": "scorers",
    "tau": 2**24,
    "class_quota": 30,
    "replay": 200,
    "rehearsal": 100,
    "public_set": DIGEST,
    "shift": 2,
    "suspended_models": "stay",
    "witness": {
        "feature": "strokes",
        "references": [DIGEST, bytes(32)],
        "witnesses": 1,
        "ratio": [19, 21],
        "farthest": 0,
        "penalty": 1386,
        "relief": 405,
        "limit": 10000,
    },
}
ARCHITECTURE = {"input": [1, 28, 28], "layers": [["linear", 784, 4]]}
CONVOLUTIONAL = {
    "input": [1, 28, 28],
    "layers": [["convolution", 1, 2, 2], ["relu"], ["pool"], ["linear", 392, 4]],
}
CARD = {
    "version": 1,
    "architecture": ARCHITECTURE,
    "classes": [0, 3, 9],
    "parameters": Link(PARAMETERS),
    "parameters_sha256": DIGEST,
}
BATCH = {"version": 1, "party": 2, "samples": [{"x": b"\0\1", "y": 0}, {"x": b"\0\1", "y": 255}]}
RECORD = {
    "rules": DIGEST,
    "miner": DIGEST[:20],
    "party_type": 2,
    "height": 5,
    "batch_count": 1,
    "batches": sha256(sha256(DIGEST).digest()).digest(),
    "statements": bytes(32),
    "judged": 9,
    "used": 1,
    "updates": 1,
}
LEAF = {"sample": DIGEST, "owner": 1, "commitment": DIGEST, "index": 0, "label": 1, "wrong_label": 2}
UPDATE = {"party": 1, "old": DIGEST, "new": bytes(32)}
REWARD = {"account": DIGEST[:20], "cumulative": (2**64).to_bytes(32, "big")}
BODY = {
    "version": 1,
    "height": 5,
    "parent": DIGEST,
    "record": RECORD,
    "batches": [DIGEST],
    "samples": [LEAF],
    "updates": [UPDATE],
    "rewards": [REWARD],
}
LOW, HIGH = LEAF | {"sample": bytes(32)}, LEAF | {"sample": b"\xff" * 32}
PUBLIC_SET = {"version": 1, "samples": BATCH["samples"]}
BASE = {"rules": RULES, "model card": CARD, "batch": BATCH, "public set": PUBLIC_SET, "block body": BODY}


def wide(hidden: int) -> dict[str, object]:
    return ARCHITECTURE | {"layers": [["linear", 784, hidden], ["relu"], ["linear", hidden, 4]]}


BAD_RULES = [
    ("round of 64 samples", {"round_size": 64}),
    ("no round", {"round_size": 0}),
    ("alpha zero", {"alpha": [0, 3]}),
    ("alpha above one", {"alpha": [4, 3]}),
    ("alpha of three", {"alpha": [1, 2, 3]}),
    ("delta above one", {"delta": 2**24 + 1}),
    ("sigma negative", {"sigma": -1}),
    ("step above one", {"step_initial": 2**30 + 1}),
    ("decay above one", {"step_decay": 2**30 + 1}),
    ("minimum above initial", {"step_minimum": 2147485}),
    ("cap zero", {"cap": 0}),
    ("cap too large", {"cap": 2**31 + 1}),
    ("unknown mode", {"mode": "exp"}),
    ("unknown wrong class", {"wrong_class": 1}),
    ("one class", {"classes": 1}),
    ("257 classes", {"classes": 257}),
    ("classes true", {"classes": True}),
    ("image of no channels", {"input": [0, 28, 28]}),
    ("image too large", {"input": [1024, 1024, 2]}),
    ("block reward of 13 bytes", {"block_reward": bytes(13)}),
    ("sample reward a number", {"sample_reward": 0}),
    ("unknown learners", {"learners": "all"}),
    ("tau above one", {"tau": 2**24 + 1}),
    ("class quota negative", {"class_quota": -1}),
    ("replay too large", {"replay": 2**16 + 1}),
    ("rehearsal of no public set", {"public_set": b""}),
    ("public set without rehearsal", {"rehearsal": 0}),
    ("public set of 31 bytes", {"public_set": DIGEST[:31]}),
    ("shift of five pixels", {"shift": 5}),
    ("unknown choice of suspended models", {"suspended_models": "go"}),
    ("witness of another feature", {"witness": RULES["witness"] | {"feature": "deep"}}),
    ("witness without references", {"witness": RULES["witness"] | {"references": []}}),
    ("more witnesses than founders", {"witness": RULES["witness"] | {"witnesses": 3}}),
    ("witness ratio of zero", {"witness": RULES["witness"] | {"ratio": [0, 1]}}),
    ("batch beyond an object", {"input": [1, 1024, 1024], "max_batch_samples": 64}),
]
BAD_CARDS = [
    ("no classes", {"classes": []}),
    ("class twice", {"classes": [0, 3, 3]}),
    ("classes descending", {"classes": [9, 3, 0]}),
    ("class 256", {"classes": [0, 3, 256]}),
    ("one class too few", {"classes": [0, 3]}),
    ("digest of 31 bytes", {"parameters_sha256": DIGEST[:31]}),
    ("parameters are an object", {"parameters": Link(cid(0x71, b""))}),
    ("layer unknown", {"architecture": ARCHITECTURE | {"layers": [["conv"]]}}),
    ("layer sizes do not fit", {"architecture": ARCHITECTURE | {"layers": [["linear", 783, 4]]}}),
    ("ends in relu", {"architecture": ARCHITECTURE | {"layers": [["linear", 784, 4], ["relu"]]}}),
    ("beyond 2^53", {"architecture": wide(512)}),
]
BAD_BATCHES = [
    ("empty", {"samples": []}),
    ("party zero", {"party": 0}),
    ("sample twice", {"samples": [BATCH["samples"][0]] * 2}),
    ("class 256", {"samples": [{"x": b"\0", "y": 256}]}),
    ("x empty", {"samples": [{"x": b"", "y": 0}]}),
    ("x is text", {"samples": [{"x": "a", "y": 0}]}),
]
BAD_PUBLIC_SETS = [
    ("empty", {"samples": []}),
    ("sample twice", {"samples": [BATCH["samples"][0]] * 2}),
    ("class 256", {"samples": [{"x": b"\0", "y": 256}]}),
    ("x empty", {"samples": [{"x": b"", "y": 0}]}),
]
BAD_BODIES = [
    ("height zero", {"height": 0}),
    ("samples descending", {"samples": [HIGH, LOW]}),
    ("sample twice", {"samples": [LEAF, LEAF]}),
    ("updates twice", {"updates": [UPDATE, UPDATE]}),
    ("rewards twice", {"rewards": [REWARD, REWARD]}),
    ("reward of nothing", {"rewards": [REWARD | {"cumulative": bytes(32)}]}),
    ("reward of 31 bytes", {"rewards": [REWARD | {"cumulative": bytes(31)}]}),
    ("reward of a party", {"rewards": [REWARD | {"account": DIGEST}]}),
    ("batches twice", {"batches": [DIGEST, DIGEST]}),
    ("party type 3", {"record": RECORD | {"party_type": 3}}),
    ("label 256", {"samples": [LEAF | {"label": 256}]}),
]


def object_cases() -> list[Case]:
    cases = [object_case(kind, "base", cbor(value), "") for kind, value in BASE.items()]
    cases += [changed("model card", "convolutional", {"architecture": CONVOLUTIONAL}, "")]
    cases += [changed("block body", "two samples", {"samples": [LOW, HIGH]}, "")]
    cases += [
        changed("block body", "empty lists", {"batches": [], "samples": [], "updates": [], "rewards": []}, "")
    ]
    for kind, value in BASE.items():
        cases += bad_fields(kind, value) + bad_bytes(kind, cbor(value))
    for kind, bad in zip(BASE, (BAD_RULES, BAD_CARDS, BAD_BATCHES, BAD_PUBLIC_SETS, BAD_BODIES), strict=True):
        cases += [changed(kind, name, changes, "InvalidObject") for name, changes in bad]
    cases.append(changed("model card", "511 inputs of 22 bits", {"architecture": wide(511)}, ""))
    cases.append(changed("block body", "leaf lacks a field", {"updates": [{"party": 1}]}, "FieldNames"))
    cases.append(changed("rules", "witness a list", {"witness": []}, "WrongType"))
    cases.append(changed("batch", "sample is a list", {"samples": [[b"", 0]]}, "WrongType"))
    cases.append(changed("model card", "parameters are text", {"parameters": "b"}, "WrongType"))
    cases.append(changed("model card", "identity hash", {"parameters": Link(b"\x01\x55\x00\x01a")}, "Cbor"))
    return cases


def changed(kind: str, name: str, changes: dict[str, object], error: str) -> Case:
    return object_case(kind, name, cbor(BASE[kind] | changes), error)


def bad_fields(kind: str, value: dict[str, object]) -> list[Case]:
    return [
        object_case(kind, "unknown field", cbor(value | {"zz": 0}), "FieldNames"),
        object_case(kind, "missing field", cbor(dict(list(value.items())[:-1])), "FieldNames"),
        object_case(kind, "version 2", cbor(value | {"version": 2}), "Version"),
        object_case(kind, "version true", cbor(value | {"version": True}), "Version"),
        object_case(kind, "a list", cbor(list(value)), "WrongType"),
    ]


def bad_bytes(kind: str, data: bytes) -> list[Case]:
    """Give the same value, or none, in bytes that are not canonical."""
    key = cbor("version")
    at = data.index(key) + len(key)
    long_one, float_one = data[:at] + b"\x18\x01" + data[at + 1 :], data[:at] + cbor(1.0) + data[at + 1 :]
    twice = bytes([data[0] + 1]) + data[1 : at + 1] + key + b"\x01" + data[at + 1 :]
    return [
        object_case(kind, "empty bytes", b"", "Cbor"),
        object_case(kind, "last byte missing", data[:-1], "Cbor"),
        object_case(kind, "byte appended", data + b"\0", "Cbor"),
        object_case(kind, "integer too long", long_one, "Cbor"),
        object_case(kind, "float", float_one, "Cbor"),
        object_case(kind, "key twice", twice, "Cbor"),
        object_case(kind, "indefinite map", b"\xbf" + data[1:] + b"\xff", "Cbor"),
        object_case(kind, "foreign tag", b"\xc1" + data, "Cbor"),
        object_case(kind, "17 lists deep", b"\x81" * 17 + b"\0", "ObjectTooDeep"),
    ]


def object_case(kind: str, name: str, data: bytes, error: str) -> Case:
    identifier = cid(0x71, data)
    return {
        "kind": kind,
        "name": name,
        "bytes": "0x" + data.hex(),
        "digest": "0x" + identifier[4:].hex(),
        "cid": text(identifier),
        "valid": not error,
        "error": error,
    }


def bad_texts() -> dict[str, str]:
    good = cid(0x55, b"hello world")
    spoken = text(good)
    return {
        "empty": "",
        "upper case": spoken.upper(),
        "cut": spoken[:-1],
        "longer": spoken + "a",
        # 288 bits fill 57 characters and three bits of the last: its two spare bits must be zero.
        "spare bits": spoken[:-1] + chr(ord(spoken[-1]) + 1),
        "no base": spoken[1:],
        "another alphabet": "v" + spoken[1:],
        "not base32": spoken[:-1] + "1",
        "not ascii": spoken[:-1] + "é",
        "codec unknown": text(b"\x01\x51" + good[2:]),
        "version 2": text(b"\x02" + good[1:]),
        "hash sha2-512 cut": text(good[:2] + b"\x13" + good[3:]),
        "length 31": text(good[:3] + b"\x1f" + good[4:]),
        "version 0": "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
    }


def cid_cases() -> list[Case]:
    cases = []
    for codec, content in (
        (0x55, b""),
        (0x55, b"hello world"),
        (0x71, cbor({})),
        (0x70, b"\x0a\x02\x08\x01"),
    ):
        identifier = cid(codec, content)
        cases.append(cid_case("block", content, 1, identifier))
    for content, repeat in (
        (b"", 1),
        (b"x", 1),
        (b"\0", CHUNK),
        (b"\0", CHUNK + 1),
        (b"bema", CHUNK),
        (b"\xff", 5 * CHUNK),
    ):
        identifier = file_cid(content * repeat)
        cases.append(cid_case("file", content, repeat, identifier))
    bad_case = cid_case("text", b"", 1, b"") | {"valid": False, "error": "CidText"}
    cases += [bad_case | {"kind": name, "text": shown} for name, shown in bad_texts().items()]
    return cases


def cid_case(kind: str, content: bytes, repeat: int, identifier: bytes) -> Case:
    return {
        "kind": kind,
        "content": "0x" + content.hex(),
        "repeat": repeat,
        "binary": "0x" + identifier.hex(),
        "text": text(identifier),
        "valid": True,
        "error": "",
    }
