"""Puts a bundle's content back into a store, and its history into a run directory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bema_py.core.errors import BemaError, InputError
from bema_py.core.types import Digest
from bema_py.learning.progress import Progress
from bema_py.roles.bundle.anchors import Anchors, Wanted
from bema_py.roles.bundle.layout import CONTENT as ARCHIVE
from bema_py.roles.bundle.layout import BundleError, read_manifest
from bema_py.roles.bundle.opening import open_bundle
from bema_py.roles.checks import CheckBook, Finding, Status
from bema_py.roles.run_record import CONTENT, write_run
from bema_py.storage.car import Section, read_header, read_sections
from bema_py.storage.content_store import ContentStore
from bema_py.storage.directory_store import DirectoryStore

STAGE = "content"
"""The stage that an import's progress names; its units are bytes."""


class FalseBundleError(BemaError):
    """A bundle whose parts contradict one another; nothing was restored from it."""

    exit_code = 1

    def __init__(self, directory: Path, finding: Finding, count: int) -> None:
        super().__init__(
            f"{directory} is false, nothing was restored: check {finding.check.number}, {finding.message}"
            + (f" (and {count - 1} more; `bema audit` lists them)" if count > 1 else "")
        )
        self.directory, self.finding, self.count = directory, finding, count


@dataclass(frozen=True)
class Restored:
    """How many blocks of content were put back, and the new run's manifest digest if there is one."""

    objects: int
    missing: tuple[str, ...]
    run: Digest | None = None
    anchors: Anchors | None = None


def import_content(directory: Path, store: ContentStore, progress: Progress | None = None) -> Restored:
    """Put a bundle's content into a store, block by block; each is held to its identifier.

    It can be repeated: what is there already is not written again. Raises BundleError, CarError and
    ContentMismatchError; blocks before the fault stay, for they are what they are called.
    """
    manifest, _ = read_manifest(directory)
    count = 0
    for section in _sections(directory / ARCHIVE, progress):
        store.put_block(section.cid, section.data)
        count += 1
    return Restored(count, manifest.missing)


def import_run(
    directory: Path, run: Path, wanted: Wanted, pinned: Digest | None = None, progress: Progress | None = None
) -> Restored:
    """Restore a run directory, after checking everything that a bundle can prove about itself.

    Raises FalseBundleError where anything is false and InputError for a directory that exists.
    """
    if run.exists():
        raise InputError(f"{run} exists already; a run is restored into a new directory")
    book = CheckBook()
    bundle = open_bundle(book, directory, wanted, pinned, progress)
    bundle.check_reach(book)
    false = [finding for finding in book.findings if finding.status is Status.FALSE]
    if false:
        raise FalseBundleError(directory, false[0], len(false))
    run.mkdir(parents=True)
    done = import_content(directory, DirectoryStore(run / CONTENT), progress)
    digest = write_run(run, bundle.deployment, bundle.events)
    return Restored(done.objects, done.missing, digest, bundle.anchors)


def _sections(path: Path, progress: Progress | None) -> Iterator[Section]:
    try:
        total = path.stat().st_size
        file = path.open("rb")
    except OSError as error:
        raise BundleError(path, f"it cannot be read ({error.strerror})") from error
    with file:
        read_header(file)
        for section in read_sections(file):
            if progress:
                progress(STAGE, section.position, total)
            yield section
