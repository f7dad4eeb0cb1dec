"""Manipulations of content: every field of every object behind its digest, parameter bytes, absence, wrong kinds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from multiformats import CID

from auditing.manipulation import Change, Manipulation, altered
from auditing.sealing import STAGE
from auditing.subject import Base, ChangedStore, Subject
from bema_py.chain.events import BatchRevealed, PartySuspended
from bema_py.core.block_body import BlockBody
from bema_py.core.cid import RAW, codec_of
from bema_py.core.dag_pb import decode_node
from bema_py.core.encoding import decode, encode
from bema_py.roles.checks import Check
from bema_py.roles.content import load_body, load_card
from bema_py.roles.replay import replay

MAX = 2**26
Find = Callable[[Base], bytes]
"""Finds an object of the base history by its digest."""


def _event(kind: type, number: int = 0) -> Callable[[Base], Any]:
    return lambda base: [each for each in base.subject.events if isinstance(each, kind)][number]


def _body(base: Base) -> BlockBody:
    return load_body(base.subject.store, replay(base.subject.events).blocks[STAGE - 1].body_digest)


def _listed_batch(base: Base) -> bytes:
    commitment = _body(base).batches[0]
    return next(
        each.content_digest
        for each in base.subject.events
        if isinstance(each, BatchRevealed) and each.commitment == commitment
    )


OBJECTS: dict[str, tuple[Find, Check]] = {
    "rules": (lambda base: base.subject.deployment.rules_digest, Check.RULES),
    "registered model card": (
        lambda base: replay(base.subject.events).parties[1].model_card,  # type: ignore[index]
        Check.MODEL_CARD,
    ),
    "published model card": (lambda base: _body(base).updates[0].new, Check.PUBLICATION),
    "batch": (_listed_batch, Check.BATCH_CONTENT),
    "block body": (lambda base: replay(base.subject.events).blocks[STAGE - 1].body_digest, Check.BODY),
    "statements": (lambda base: _body(base).record.statements, Check.STATEMENTS),
    "suspension's reason": (lambda base: _event(PartySuspended)(base).reason, Check.FAILURES),
    "public set": (lambda base: base.network.rules.public_set, Check.CALIBRATION),
}
"""Each kind of object, where one lies, and the check that must name any change of it."""


def paths(value: object, prefix: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the way to every leaf of a decoded object; of a list only its first entry."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from paths(entry, (*prefix, key))
    elif isinstance(value, list):
        if value:
            yield from paths(value[0], (*prefix, 0))
    else:
        yield prefix


def spelled(path: tuple[str | int, ...]) -> str:
    """Write a way as one would in a program."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def object_rows(base: Base) -> Iterator[Manipulation]:
    """Every field of every kind of object, then its absence, another kind's object and bytes that are none."""
    for kind, (find, check) in OBJECTS.items():
        plain = decode(base.subject.store.get_object(find(base)), max_size=MAX)  # type: ignore[arg-type]
        for path in paths(plain):
            yield Manipulation(f"stored {kind}: {spelled(path)}", check, _changed(find, path))
        yield Manipulation(f"stored {kind}: missing", check, _instead(find, None))
        yield Manipulation(f"stored {kind}: cut off", check, _cut(find))
        yield Manipulation(f"stored {kind}: a byte more", check, _longer(find))
        if kind != "rules":
            yield Manipulation(f"stored {kind}: the rules instead", check, _other_kind(find))
    for name, field, change in (
        ("a bit of a registered parameter", Check.PARAMETERS, _parameter(registered=True)),
        ("a bit of a published parameter", Check.PUBLICATION, _parameter(registered=False)),
    ):
        yield Manipulation(f"stored parameters: {name}", field, change)


def _changed(find: Find, path: tuple[str | int, ...]) -> Change:
    def change(base: Base) -> Subject:
        digest = find(base)
        plain: Any = decode(base.subject.store.get_object(digest), max_size=MAX)  # type: ignore[arg-type]
        place = plain
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = _other(place[path[-1]])
        return base.subject.with_object(digest, encode(plain))

    return change


def _other(value: Any) -> Any:
    if isinstance(value, CID):
        return CID("base58btc", value.version, value.codec, value.digest[:-1] + bytes([value.digest[-1] ^ 1]))
    if value is None:
        return 0
    return b"\0" if value == b"" else altered(value)


def _instead(find: Find, data: bytes | None) -> Change:
    return lambda base: base.subject.with_object(find(base), data)


def _cut(find: Find) -> Change:
    return lambda base: base.subject.with_object(find(base), _stored(base, find)[:-1])


def _longer(find: Find) -> Change:
    return lambda base: base.subject.with_object(find(base), _stored(base, find) + b"\0")


def _other_kind(find: Find) -> Change:
    return lambda base: base.subject.with_object(find(base), base.network.rules.to_bytes())


def _stored(base: Base, find: Find) -> bytes:
    return base.subject.store.get_object(find(base))  # type: ignore[arg-type]


def _parameter(*, registered: bool) -> Change:
    def change(base: Base) -> Subject:
        store = base.subject.store
        card = replay(base.subject.events).parties[1].model_card if registered else _body(base).updates[0].new  # type: ignore[index]
        cid = load_card(store, card).parameters
        while codec_of(cid) != RAW:
            cid = decode_node(store.get_block(cid))[0].cid
        data = bytearray(store.get_block(cid))
        data[-4] ^= 1
        return replace(base.subject, store=ChangedStore(store, {cid: bytes(data)}))

    return change
