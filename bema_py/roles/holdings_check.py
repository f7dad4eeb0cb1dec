"""Which places hold which content of a history: each is asked by itself, and what it gives is verified."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from multiformats import CID

from bema_py.core.errors import BemaError, MalformedError
from bema_py.storage.content_store import ContentMissingError
from bema_py.storage.ipfs_node import IpfsNode, NodeAbsentError, NodeLiesError

PATIENCE = 3
"""Failures one after another after which a place is not asked any more: each may take a minute."""


@dataclass
class Place:
    """A node or a directory, and what it held of all that it was asked for; `pins`: by its word, None without pins."""

    name: str
    read: Callable[[CID], object]
    pins: frozenset[CID] | None = None
    held: int = 0
    pinned: int = 0
    missing: list[CID] = field(default_factory=list)
    false: list[CID] = field(default_factory=list)
    failed: list[CID] = field(default_factory=list)
    fault: str = ""
    _in_a_row: int = 0

    @property
    def complete(self) -> bool:
        """Whether it held everything, and a node all of it pinned."""
        return not self.lacking and (self.pins is None or self.pinned == self.held)

    @property
    def lacking(self) -> Sequence[CID]:
        """What it did not give as it should."""
        return [*self.missing, *self.false, *self.failed]

    def ask(self, cid: CID) -> None:
        """Read one block and note how that went."""
        if self._in_a_row >= PATIENCE:
            self.failed.append(cid)
            return
        try:
            self.read(cid)
        except BemaError as error:
            self._note(cid, error)
            return
        self._in_a_row = 0
        self.held += 1
        self.pinned += self.pins is not None and cid in self.pins

    def _note(self, cid: CID, error: BemaError) -> None:
        if isinstance(error, ContentMissingError | NodeAbsentError):
            self.missing.append(cid)
            return
        self.fault = str(error)
        if isinstance(error, MalformedError | NodeLiesError):
            self.false.append(cid)
        else:
            self.failed.append(cid)
            self._in_a_row += 1


def place_of_node(node: IpfsNode) -> Place:
    """Ask a node for what it holds itself; a node that cannot even list its pins is not asked further."""
    place = Place(node.address, lambda cid: node.get(cid, search=False), frozenset())
    try:
        place.pins = node.pins()
    except BemaError as error:
        place.fault, place._in_a_row = str(error), PATIENCE
    return place


def ask_places(places: Sequence[Place], content: Iterable[CID]) -> None:
    """Ask every place for every block."""
    for cid in content:
        for place in places:
            place.ask(cid)
