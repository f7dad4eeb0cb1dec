"""Write the vector files that the Python and the Solidity tests share.

Run `python tests/vectors/generate.py` to write them again, `--check` to compare them with what stands there.
Errors carry the contract's name where the contract raises them too, else that of the Python error without its
"Error".
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import object_cases
import plain
from plain import double

HERE = Path(__file__).parent
Case = dict[str, object]


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def seeded(label: str) -> bytes:
    return sha256(label.encode()).digest()


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def merkle_cases() -> list[Case]:
    cases = []
    for count in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 33):
        leaves = [seeded(f"leaf {i} of {count}") for i in range(count)]
        for index in sorted({0, 1, count // 2, count - 2, count - 1} & set(range(count))):
            cases.append(merkle_case(f"leaf {index} of {count}", leaves, index))
    leaves = [seeded(f"leaf {i}") for i in range(5)]
    siblings = plain.proof(leaves, 3)
    bad = [
        ("leaf flipped", {"leaf": flipped(leaves[3], 0)}, ""),
        ("root flipped", {"root": flipped(plain.tree(leaves)[1], 255)}, ""),
        *((f"sibling {i} flipped", {"proof": replaced(siblings, i)}, "") for i in range(3)),
        ("siblings swapped", {"proof": [siblings[1], siblings[0], siblings[2]]}, ""),
        ("neighbour's index", {"index": 2}, ""),
        ("count one higher, same depth", {"count": 6}, ""),
        ("count of another depth", {"count": 4}, "ProofDepth"),
        ("proof too short", {"proof": siblings[:2]}, "ProofDepth"),
        ("proof too long", {"proof": [*siblings, bytes(32)]}, "ProofDepth"),
        ("proof empty", {"proof": []}, "ProofDepth"),
        ("index is the count", {"index": 5}, "IndexOutOfRange"),
        ("index above the depth", {"index": 3 + 8}, "IndexOutOfRange"),
        ("index at the largest count", {"index": 2**32 - 1}, "IndexOutOfRange"),
        ("count zero", {"count": 0, "index": 0}, "IndexOutOfRange"),
        ("largest count, short proof", {"count": 2**32 - 1}, "ProofDepth"),
        ("largest count, full depth", {"count": 2**32 - 1, "proof": [bytes(32)] * 32}, ""),
    ]
    cases += [merkle_case(name, leaves, 3, changes, error) for name, changes, error in bad]
    return cases + forged_leaves(leaves)


def forged_leaves(leaves: list[bytes]) -> list[Case]:
    """Give nodes of a tree of five leaves passed off as leaves: the padding node, then an inner node."""
    padding = {"leaf": bytes(32), "index": 5, "proof": [leaves[4], *plain.proof(leaves, 4)[1:]]}
    inner = {"leaf": double(b"\x01" + leaves[0] + leaves[1]), "count": 3, "proof": plain.proof(leaves, 0)[1:]}
    return [
        merkle_case("padding node as leaf 5", leaves, 4, padding, "IndexOutOfRange"),
        merkle_case("padding node, count raised", leaves, 4, padding | {"count": 6}),
        merkle_case("inner node as leaf", leaves, 0, inner),
    ]


def replaced(siblings: list[bytes], index: int) -> list[bytes]:
    return [flipped(node, 8 * i + 3) if i == index else node for i, node in enumerate(siblings)]


def merkle_case(
    name: str, leaves: list[bytes], index: int, changes: dict[str, object] | None = None, error: str = ""
) -> Case:
    apex, root = plain.tree(leaves)
    values: dict[str, object] = {
        "count": len(leaves),
        "index": index,
        "leaf": leaves[index],
        "proof": plain.proof(leaves, index),
        "root": root,
    }
    values |= changes or {}
    case: Case = {"name": name, "leaves": [hexed(leaf) for leaf in leaves], "apex": hexed(apex)}
    for key, value in values.items():
        shown = [hexed(node) for node in value] if isinstance(value, list) else value
        case[key] = hexed(value) if isinstance(value, bytes) else shown
    return case | {"valid": changes is None, "error": error}


LARGEST = 2**64 - 1
HEADERS = [(1, 1, 0), (31337, 1_700_000_000, 12345), (2**64, 2**32, 2**63), (2**256 - 1, LARGEST, LARGEST)]


def header_cases() -> list[Case]:
    cases: list[Case] = []
    parent = None
    for i, (chain, timestamp, nonce) in enumerate(HEADERS):
        case, header = header_case(i, parent, chain, timestamp, nonce)
        parent = double(header)
        value = int.from_bytes(parent, "big")
        for name, target in (("below", value + 1), ("at", value), ("above", 1), ("far below", 2**256 - 1)):
            valid = {"valid": value < target, "error": "" if value < target else "WorkTooLow"}
            named = {"name": f"header {i}: hash {name} the target", "target": hexed(number(target, 32))}
            cases.append(case | named | valid)
    for name, cut in (("empty", b""), ("one byte short", header[:-1]), ("one byte long", header + b"\0")):
        bad: Case = {"name": name, "valid": False, "error": "HeaderLength"}
        cases.append(cases[0] | bad | {"header": hexed(cut), "hash": hexed(double(cut))})
    return cases


def header_case(i: int, parent: bytes | None, chain: int, timestamp: int, nonce: int) -> tuple[Case, bytes]:
    """Give a case without its target, and the header's bytes; the first header's parent is the genesis hash."""
    contract, rules, miner = seeded(f"contract {i}")[:20], seeded(f"rules {i}"), seeded(f"miner {i}")[:20]
    genesis = double(b"\x04" + number(chain, 32) + contract + rules)
    info = double(miner + bytes([i % 3]))
    root = seeded(f"root {i}")
    header = (parent or genesis) + root + info + number(timestamp, 8) + number(nonce, 8)
    values = {
        "chain_id": number(chain, 32),
        "contract": contract,
        "rules": rules,
        "genesis": genesis,
        "parent": parent or genesis,
        "merkle_root": root,
        "miner": miner,
        "miner_info": info,
        "timestamp": number(timestamp, 8),
        "nonce": number(nonce, 8),
        "header": header,
        "hash": double(header),
    }
    return {key: hexed(value) for key, value in values.items()} | {"party_type": i % 3}, header


def leaf_cases() -> list[Case]:
    a, b, c, account = seeded("a"), seeded("b"), seeded("c"), seeded("miner")[:20]
    top = number(2**32 - 1, 4)
    return [
        leaf_case("calibration record", b"\0\1", record_fields(0), ""),
        leaf_case("calibration record", b"\0\1", record_fields(2**32 - 1), ""),
        leaf_case("calibration record", b"\0\1", [a, account, b"\3", *record_fields(7)[3:]], "FieldRange"),
        leaf_case("calibration record", b"\0\1", [a[:31], *record_fields(7)[1:]], "FieldLength"),
        leaf_case("calibration record", b"\0\1", [a, a, *record_fields(7)[2:]], "FieldLength"),
        leaf_case("sample", b"\0\2", [a, number(1, 4), b, number(0, 4), b"\0", b"\1"], ""),
        leaf_case("sample", b"\0\2", [bytes(32), top, c, top, b"\xff", b"\xfe"], ""),
        leaf_case("sample", b"\0\2", [a, number(0, 4), b, number(0, 4), b"\0", b"\1"], "FieldRange"),
        leaf_case("sample", b"\0\2", [a, number(1, 4), b + b"\0", number(0, 4), b"\0", b"\1"], "FieldLength"),
        leaf_case("model update", b"\0\3", [number(1, 4), a, b], ""),
        leaf_case("model update", b"\0\3", [top, b, a], ""),
        leaf_case("model update", b"\0\3", [number(0, 4), a, b], "FieldRange"),
        leaf_case("model update", b"\0\3", [number(1, 4), a, b""], "FieldLength"),
        leaf_case("reward", b"\0\4", [account, number(1, 32)], ""),
        leaf_case("reward", b"\0\4", [bytes(20), b"\xff" * 32], ""),
        leaf_case("reward", b"\0\4", [account, bytes(32)], "FieldRange"),
        leaf_case("reward", b"\0\4", [a, number(1, 32)], "FieldLength"),
        leaf_case("batch item", b"\0\5", [a], ""),
        leaf_case("batch item", b"\0\5", [a[:20]], "FieldLength"),
        leaf_case("sample id", b"\3", [b"\7", number(3, 4), b"\0\1\2"], ""),
        leaf_case("sample id", b"\3", [b"\xff", number(784, 4), a * 24 + a[:16]], ""),
        leaf_case("processing key", b"", [a, b], ""),
        leaf_case("batches digest", b"", [], ""),
        leaf_case("batches digest", b"", [a, b, c], ""),
    ]


def record_fields(value: int) -> list[bytes]:
    """Give rules, miner, type, height, batch count, batches, statements, judged, used, updates."""
    some = number(value, 4)
    digests = seeded("a"), seeded("miner")[:20], bytes([value % 3])
    return [*digests, some, some, seeded("b"), bytes(32), some, some, some]


def leaf_case(kind: str, prefix: bytes, fields: list[bytes], error: str) -> Case:
    preimage = prefix + b"".join(fields)
    return {
        "kind": kind,
        "prefix": hexed(prefix),
        "fields": [hexed(field) for field in fields],
        "preimage": hexed(preimage),
        "hash": hexed(double(preimage)),
        "valid": not error,
        "error": error,
    }


FILES = {
    "merkle": merkle_cases,
    "header": header_cases,
    "leaves": leaf_cases,
    "objects": object_cases.object_cases,
    "cid": object_cases.cid_cases,
}


def main(check: bool) -> int:
    stale = []
    for name, build in FILES.items():
        path = HERE / f"{name}.json"
        written = json.dumps({"cases": build()}, indent=1) + "\n"
        if check and (not path.exists() or path.read_text() != written):
            stale.append(path.name)
        if not check:
            path.write_text(written)
    if stale:
        print(f"not what generate.py writes: {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
