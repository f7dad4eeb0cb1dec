"""A run directory: any changed byte is found, a removed object is missing, the manifest's digest pins all."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_network import tiny_network

from bema_py.core.errors import BemaError
from bema_py.core.types import Digest
from bema_py.roles.auditor import audit
from bema_py.roles.checks import CheckBook, Status
from bema_py.roles.run_record import CONTENT, DEPLOYMENT, EVENTS, MANIFEST, check_run, read_run, write_run
from bema_py.storage.directory_store import DirectoryStore


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Digest]]:
    directory = tmp_path_factory.mktemp("exported")
    tiny = tiny_network(directory, DirectoryStore(directory / CONTENT))
    tiny.play(2)
    digest = write_run(directory, tiny.network.deployment, tiny.network.events())
    tiny.chain.close()
    yield directory, digest


@pytest.fixture
def copied(exported: tuple[Path, Digest], tmp_path: Path) -> tuple[Path, Digest]:
    directory, digest = exported
    shutil.copytree(directory, tmp_path / "run")
    return tmp_path / "run", digest


def audited(directory: Path, digest: Digest | None) -> tuple[int, list[str]]:
    """Audit a run as the command does; an unreadable file counts by its error's exit code."""
    book = CheckBook()
    try:
        check_run(book, directory, digest)
        record = read_run(directory)
    except BemaError as error:
        return error.exit_code, [str(error)]
    report = audit(record.deployment, record.events, record.store, book=book)
    return report.exit_code, [f"{finding.status} {finding.message}" for finding in report.book.findings]


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset % len(data)] ^= 1
    path.write_bytes(data)


def test_an_untouched_run_is_clean(exported: tuple[Path, Digest]) -> None:
    directory, digest = exported
    assert audited(directory, digest) == (0, [])
    assert audited(directory, None) == (0, [])


def test_the_export_is_read_back_as_it_was_written(exported: tuple[Path, Digest], tmp_path: Path) -> None:
    directory, digest = exported
    record = read_run(directory)
    shutil.copytree(directory / CONTENT, tmp_path / CONTENT)
    assert write_run(tmp_path, record.deployment, record.events) == digest


@pytest.mark.parametrize("name", [DEPLOYMENT, EVENTS, MANIFEST])
def test_a_changed_byte_of_the_export_is_found(copied: tuple[Path, Digest], name: str) -> None:
    directory, digest = copied
    size = (directory / name).stat().st_size
    for offset in range(0, size, max(1, size // 12)):
        flip(directory / name, offset)
        code, found = audited(directory, digest)
        assert code != 0, offset
        assert found
        flip(directory / name, offset)
    assert audited(directory, digest)[0] == 0


def test_a_changed_byte_of_any_object_is_found(copied: tuple[Path, Digest]) -> None:
    directory, digest = copied
    store = DirectoryStore(directory / CONTENT)
    for number, cid in enumerate(store.blocks()):
        path = store.path_of(cid)
        flip(path, 7919 * number)
        book = CheckBook()
        check_run(book, directory, digest)
        (finding,) = book.findings
        assert finding.status is Status.FALSE
        assert path.name in finding.message
        flip(path, 7919 * number)


def test_a_removed_object_is_missing(copied: tuple[Path, Digest]) -> None:
    directory, digest = copied
    store = DirectoryStore(directory / CONTENT)
    for cid in list(store.blocks())[:4]:
        path = store.path_of(cid)
        kept = path.read_bytes()
        path.unlink()
        code, found = audited(directory, digest)
        assert code == 5
        assert all(message.startswith(("missing", "notice")) for message in found)
        path.write_bytes(kept)


def test_a_consistent_forgery_is_found_by_the_kept_digest(copied: tuple[Path, Digest]) -> None:
    directory, digest = copied
    record = read_run(directory)
    forged = write_run(directory, record.deployment, record.events[:-1])
    assert forged != digest
    assert audited(directory, None)[0] == 0
    code, found = audited(directory, digest)
    assert code == 1
    assert "the manifest's digest is" in found[0]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": {}, "blocks": []}', "\xff"])
def test_a_broken_manifest_is_one_clear_error(copied: tuple[Path, Digest], text: str) -> None:
    directory, _ = copied
    (directory / MANIFEST).write_text(text, encoding="latin-1")
    code, found = audited(directory, None)
    assert code == 6
    assert "manifest.json" in found[0]
