"""Checks of a bundle's content archive: every block is what its identifier says, and what the history reaches."""

from collections.abc import Collection, Sequence
from pathlib import Path

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import Event
from bema_py.core.cid import cid_from_bytes, cid_text, object_cid, verify
from bema_py.roles.bundle.layout import CONTENT
from bema_py.roles.bundle.reach import reached_content
from bema_py.roles.checks import Check, CheckBook, Status
from bema_py.storage.car import read_header, read_sections
from bema_py.storage.car_store import CarStore


def open_archive(book: CheckBook, directory: Path, deployment: Deployment) -> CarStore:
    """Look through the archive and return it as a store of the blocks that are what they are called."""
    path = directory / CONTENT
    return CarStore(path, _index(book, path, deployment))


def check_reach(
    book: CheckBook,
    deployment: Deployment,
    events: Sequence[Event],
    store: CarStore,
    missing: Collection[str],
) -> None:
    """Check that the archive holds what the history reaches and nothing else; `missing` is what a manifest excuses."""
    reached, excused = set(), frozenset(missing)
    for found in reached_content(deployment, events, store):
        reached.add(bytes(found.cid))
        if found.data is None:
            text = cid_text(found.cid)
            status = Status.NOTICE if text in excused else Status.MISSING
            said = "as its manifest says" if text in excused else "and its manifest does not say so"
            book.note(Check.ARCHIVE, status, f"the archive lacks {text}, {said}")
    for name in store.index.keys() - reached:
        message = f"nothing in the history names {cid_text(cid_from_bytes(name))}"
        book.expect(Check.ARCHIVE, False, message)


def _index(book: CheckBook, path: Path, deployment: Deployment) -> dict[bytes, tuple[int, int]]:
    index: dict[bytes, tuple[int, int]] = {}
    if not path.is_file():
        return index
    with path.open("rb") as file, book.reading(Check.ARCHIVE):
        roots = read_header(file)
        rules = object_cid(deployment.rules_digest)
        book.expect(Check.ARCHIVE, roots == (rules,), "its root is not the rules object")
        for section in read_sections(file):
            name = bytes(section.cid)
            text = cid_text(section.cid)
            if name in index:
                book.expect(Check.ARCHIVE, False, f"{text} stands twice in the archive")
            elif book.expect(
                Check.OBJECT, verify(section.cid, section.data), f"{text} is not what its identifier names"
            ):
                index[name] = section.position, len(section.data)
    return index
