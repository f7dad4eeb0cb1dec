"""Which content a history reaches: rules, model cards with their parameters, batches, bodies, statements, reasons."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from multiformats import CID

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import (
    BatchRevealed,
    BlockRejected,
    BlockSubmitted,
    Event,
    OriginalPartyRegistered,
    PartySuspended,
    RegularPartyRegistered,
)
from bema_py.core.block_body import BlockBody
from bema_py.core.cid import DAG_PB, codec_of, object_cid
from bema_py.core.dag_pb import decode_node
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.leaves import NO_STATEMENTS
from bema_py.core.model_card import ModelCard
from bema_py.core.rules import Rules
from bema_py.core.types import Digest, ModelDigest
from bema_py.storage.content_store import ContentStore

T = TypeVar("T")
NOTHING = bytes(32)
"""The reason of a rejection that the contract itself decided."""


@dataclass(frozen=True)
class Reached:
    """One block of content that the history names; `data` is None where the store has not these bytes."""

    cid: CID
    data: bytes | None


def reached_content(
    deployment: Deployment, events: Iterable[Event], store: ContentStore
) -> Iterator[Reached]:
    """Yield every block that the history reaches, once, in the order in which it is first named.

    What is malformed is given as it is, and nothing is reached through it.
    """
    walk = _Walk(store)
    yield from walk.rules(deployment.rules_digest)
    for event in events:
        match event:
            case OriginalPartyRegistered() | RegularPartyRegistered():
                yield from walk.model(event.model_card)
            case BatchRevealed():
                yield from walk.object(event.content_digest)
            case BlockSubmitted():
                yield from walk.body(event.body_digest)
            case PartySuspended() | BlockRejected():
                yield from walk.object(event.reason)


@dataclass
class _Walk:
    """The blocks given so far, by their identifiers' bytes."""

    store: ContentStore
    seen: set[bytes] = field(default_factory=set)

    def block(self, cid: CID) -> Iterator[Reached]:
        if bytes(cid) in self.seen:
            return
        self.seen.add(bytes(cid))
        try:
            data = self.store.get_block(cid)
        # Bytes that are not what the identifier names are as good as none.
        except BemaError:
            yield Reached(cid, None)
            return
        yield Reached(cid, data)

    def object(self, digest: Digest) -> Iterator[Reached]:
        if digest not in (NOTHING, NO_STATEMENTS):
            yield from self.block(object_cid(digest))

    def rules(self, digest: Digest) -> Iterator[Reached]:
        for found in self.object(digest):
            yield found
            rules = _parsed(Rules.from_bytes, found)
            if rules is not None and rules.public_set:
                yield from self.object(Digest(rules.public_set))

    def model(self, digest: ModelDigest) -> Iterator[Reached]:
        for found in self.object(Digest(digest)):
            yield found
            card = _parsed(ModelCard.from_bytes, found)
            if card is not None:
                yield from self.file(card.parameters)

    def body(self, digest: Digest) -> Iterator[Reached]:
        for found in self.object(digest):
            yield found
            body = _parsed(BlockBody.from_bytes, found)
            if body is not None:
                yield from self.object(body.record.statements)
                for update in body.updates:
                    yield from self.model(update.new)

    def file(self, root: CID) -> Iterator[Reached]:
        """Give a file's blocks, parents before children; a stack, since strangers decide how deep it nests."""
        waiting = [root]
        while waiting:
            for found in self.block(waiting.pop()):
                yield found
                links = _parsed(decode_node, found) if codec_of(found.cid) == DAG_PB else None
                waiting += [link.cid for link in reversed(links or [])]


def _parsed(parse: Callable[[bytes], T], found: Reached) -> T | None:
    try:
        return None if found.data is None else parse(found.data)
    except MalformedError:
        return None
