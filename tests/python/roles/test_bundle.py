"""Evidence bundles: the same bytes from every process, what they prove, and that every change in one is found."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rlp
from bundle_files import BundleFiles, read_files, reseal, tampered
from eth_utils.crypto import keccak
from tiny_network import TinyNetwork, tiny_network

from bema_py.chain.block_evidence import read_evidence
from bema_py.chain.connection import Chain
from bema_py.chain.deployment import Deployment
from bema_py.chain.ethereum_header import EthereumHeader, decode_header
from bema_py.chain.ethereum_trie import list_root
from bema_py.chain.receipts import bloom_of, decode_receipt
from bema_py.core.cid import object_cid, raw_cid
from bema_py.core.errors import InputError
from bema_py.core.hashing import sha256
from bema_py.core.types import Address, hex0x
from bema_py.roles.audit_report import AuditReport, report_to_plain
from bema_py.roles.auditor import audit
from bema_py.roles.bundle.anchors import Level, Wanted
from bema_py.roles.bundle.auditing import audit_bundle
from bema_py.roles.bundle.layout import MANIFEST, RECEIPTS, is_bundle
from bema_py.roles.bundle.opening import Bundle, open_bundle
from bema_py.roles.bundle.restoring import FalseBundleError, import_content, import_run
from bema_py.roles.bundle.unfinished import unfinished_bundle
from bema_py.roles.bundle.writing import Exported, export_chain, export_events
from bema_py.roles.checks import Check, CheckBook, Status
from bema_py.roles.reporting.compose import compose
from bema_py.roles.reporting.facts import Facts
from bema_py.roles.reporting.subjects import subject_of_bundle
from bema_py.roles.run_record import check_run, read_run, write_run
from bema_py.storage.directory_store import DirectoryStore

NOBODY = Wanted()


@dataclass(frozen=True)
class Made:
    """A network's history, and the bundle made of it."""

    tiny: TinyNetwork
    directory: Path
    bundle: Path
    exported: Exported

    @property
    def anchor(self) -> bytes:
        assert self.exported.manifest.anchor
        return self.exported.manifest.anchor[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    directory = tmp_path_factory.mktemp("bundled")
    tiny = tiny_network(directory, DirectoryStore(directory / "content"))
    tiny.play(1)
    tiny.reject(1)
    tiny.play(2)
    tiny.suspend(tiny.parties[3])
    tiny.chain.advance(3)
    bundle = directory / "bundle"
    exported = export_chain(tiny.chain, tiny.network.deployment, tiny.network.store, bundle)
    write_run(directory, tiny.network.deployment, tiny.network.events())
    yield Made(tiny, directory, bundle, exported)
    tiny.chain.close()


def opened(bundle: Path, wanted: Wanted = NOBODY) -> tuple[Bundle, CheckBook]:
    book = CheckBook()
    found = open_bundle(book, bundle, wanted)
    found.check_reach(book)
    return found, book


def audited(bundle: Path, wanted: Wanted = NOBODY) -> AuditReport:
    book = CheckBook()
    return audit_bundle(open_bundle(book, bundle, wanted), book)


def reported(bundle: Path, wanted: Wanted = NOBODY) -> Facts:
    book = CheckBook()
    found = open_bundle(book, bundle, wanted)
    return compose(subject_of_bundle(found, ""), audit_bundle(found, book))


def false(book: CheckBook) -> set[Check]:
    return {finding.check for finding in book.findings if finding.status is Status.FALSE}


def names(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_the_same_history_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert (
        export_chain(made.tiny.chain, made.tiny.network.deployment, made.tiny.network.store, again)
        == made.exported
    )
    assert names(again) == names(made.bundle)


def test_another_process_that_replays_the_journal_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    other = tmp_path / "other"
    command = [sys.executable, "-m", "bema_py.cli.main", "export", str(other), "--run", str(made.directory)]
    program = "import sys; from bema_py.cli.main import run; sys.argv[0] = 'bema'; run()"
    done = subprocess.run(
        [sys.executable, "-c", program, *command[3:]],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert names(other) == names(made.bundle)
    assert made.exported.digest.hex() in done.stdout


def test_an_audit_of_the_bundle_finds_what_an_audit_of_the_chain_finds(made: Made) -> None:
    report = audited(made.bundle)
    network = made.tiny.network
    live = report_to_plain(audit(network.deployment, network.events(), network.store))
    bundled = report_to_plain(report)
    assert {name for name in live if live[name] != bundled[name]} == {"checks"}
    ours = {row["number"]: row["passed"] for row in bundled["checks"]}
    theirs = {row["number"]: row["passed"] for row in live["checks"]}
    assert {number for number in ours if ours[number] != theirs[number]} == {
        901,
        902,
        903,
        905,
        906,
        907,
        908,
        909,
        911,
    }
    assert (report.verdict, report.exit_code) == ("consistent", 0)


def test_only_a_block_hash_from_elsewhere_makes_it_proven(made: Made) -> None:
    network = made.tiny.network
    wanted = Wanted(network.deployment.chain_id, network.deployment.address, made.anchor)
    report = audited(made.bundle, wanted)
    assert (report.verdict, report.exit_code) == ("proven", 0)
    assert next(iter(report_to_plain(report))) == "anchors"
    assert report.anchors
    assert report.anchors.level is Level.DEVELOPMENT
    text = "\n".join(report.anchors.lines())
    assert text.count("supplied") == 3
    assert "claimed" not in text


def test_a_hash_of_an_earlier_block_proves_no_later_events(made: Made) -> None:
    files = read_files(made.bundle)
    early = keccak(rlp.encode(files.headers[5]))
    bundle, book = opened(made.bundle, Wanted(block_hash=early))
    assert (bundle.anchors.known_block, bundle.anchors.proven, false(book)) == (6, False, set())
    assert "only claimed" in bundle.anchors.lines()[-1]
    late = keccak(rlp.encode(files.headers[-2]))
    assert opened(made.bundle, Wanted(block_hash=late))[0].anchors.proven


@pytest.mark.parametrize(
    ("wanted", "check"),
    [
        (Wanted(block_hash=bytes(32)), Check.BLOCK_HASH),
        (Wanted(chain_id=1), Check.ANCHORS),
        (Wanted(contract=Address(bytes(20))), Check.ANCHORS),
    ],
)
def test_other_anchors_than_the_auditor_named_are_false(made: Made, wanted: Wanted, check: Check) -> None:
    bundle, book = opened(made.bundle, wanted)
    assert false(book) == {check}
    assert not bundle.anchors.proven


def block_of(files: BundleFiles, kind: str) -> int:
    """Give the place among the receipts of the first block with such an event."""
    number = next(each["position"]["block_number"] for each in files.events if each["event"] == kind)
    return next(
        place for place, each in enumerate(files.receipts) if int.from_bytes(each[0], "big") == number
    )


def number_of(entry: list[bytes]) -> int:
    return int.from_bytes(entry[0], "big")


def with_log(receipt: bytes, change: Callable[[list], None]) -> bytes:
    fields = rlp.decode(receipt[1:])
    logs = [[list(each) if isinstance(each, list | tuple) else each for each in log] for log in fields[3]]
    change(logs)
    return receipt[:1] + rlp.encode([*fields[:3], logs])


def drop_listed_event(files: BundleFiles) -> None:
    del files.events[4]


def add_listed_event(files: BundleFiles) -> None:
    files.events.append(files.events[-1])


def change_listed_event(files: BundleFiles) -> None:
    files.events[2]["fields"]["party"] += 1


def drop_event_everywhere(files: BundleFiles) -> None:
    entry = files.receipts[block_of(files, "BatchCommitted")]
    entry[1][0] = with_log(entry[1][0], lambda logs: logs.clear())
    files.events = [each for each in files.events if each["position"]["block_number"] != number_of(entry)]


def drop_block(files: BundleFiles) -> None:
    number = number_of(files.receipts.pop(block_of(files, "BatchRevealed")))
    files.transactions = [each for each in files.transactions if number_of(each) != number]
    files.headers = [each for each in files.headers if int.from_bytes(each[8], "big") != number]
    files.events = [each for each in files.events if each["position"]["block_number"] != number]


def change_log_byte(files: BundleFiles) -> None:
    entry = files.receipts[block_of(files, "BlockSubmitted")]

    def flip(logs: list) -> None:
        logs[0][2] = logs[0][2][:-1] + bytes([logs[0][2][-1] ^ 1])

    entry[1][0] = with_log(entry[1][0], flip)


def swap_receipts(files: BundleFiles) -> None:
    one, other = files.receipts[3], files.receipts[4]
    one[1], other[1] = other[1], one[1]


def swap_blocks_of_receipts(files: BundleFiles) -> None:
    files.receipts[3], files.receipts[4] = files.receipts[4], files.receipts[3]


def cut_headers(files: BundleFiles) -> None:
    del files.headers[-1:]


def cut_headers_in_the_middle(files: BundleFiles) -> None:
    del files.headers[7]


def change_header_time(files: BundleFiles) -> None:
    files.headers[9][11] = (int.from_bytes(files.headers[9][11], "big") + 1).to_bytes(4, "big")


def hide_receipts_of_a_block(files: BundleFiles) -> None:
    number = number_of(files.receipts.pop(block_of(files, "BlockSubmitted")))
    files.transactions = [each for each in files.transactions if number_of(each) != number]
    files.events = [each for each in files.events if each["position"]["block_number"] != number]


def hide_all_receipts(files: BundleFiles) -> None:
    files.receipts, files.transactions, files.events = [], [], []


def receipts_of_no_block(files: BundleFiles) -> None:
    files.receipts.append([(10**6).to_bytes(3, "big"), []])


def another_transaction(files: BundleFiles) -> None:
    files.transactions[2][2] = files.transactions[3][2]


def no_transaction(files: BundleFiles) -> None:
    del files.transactions[2]


def another_contract(files: BundleFiles) -> None:
    files.deployment["address"] = "0x" + "11" * 20


def other_parameters(files: BundleFiles) -> None:
    files.deployment["parameters"]["challenge_window"] += 1


def another_code(files: BundleFiles) -> None:
    files.deployment["code_hash"] = "0x" + "22" * 32


def no_creation(files: BundleFiles) -> None:
    del files.transactions[0]


def wrong_content(files: BundleFiles) -> None:
    cid, data = files.blocks[3]
    files.blocks[3] = cid, data[:-1] + bytes([data[-1] ^ 1])


def extra_content(files: BundleFiles) -> None:
    files.blocks.append((raw_cid(sha256(b"holiday pictures")), b"holiday pictures"))


def content_twice(files: BundleFiles) -> None:
    files.blocks.append(files.blocks[0])


TAMPERING: list[tuple[Callable[[BundleFiles], None], Check]] = [
    (drop_listed_event, Check.EVENTS),
    (add_listed_event, Check.EVENTS),
    (change_listed_event, Check.EVENTS),
    (drop_event_everywhere, Check.RECEIPTS),
    (drop_event_everywhere, Check.BLOOM),
    (drop_block, Check.HEADERS),
    (change_log_byte, Check.RECEIPTS),
    (swap_receipts, Check.RECEIPTS),
    (swap_blocks_of_receipts, Check.RECEIPTS),
    (cut_headers, Check.HEADERS),
    (cut_headers_in_the_middle, Check.HEADERS),
    (change_header_time, Check.HEADERS),
    (hide_receipts_of_a_block, Check.BLOOM),
    (hide_all_receipts, Check.BLOOM),
    (receipts_of_no_block, Check.RECEIPTS),
    (another_transaction, Check.TRANSACTIONS),
    (no_transaction, Check.TRANSACTIONS),
    (another_contract, Check.CREATION),
    (another_contract, Check.EVENTS),
    (other_parameters, Check.CREATION),
    (another_code, Check.CREATION),
    (no_creation, Check.CREATION),
    (wrong_content, Check.OBJECT),
    (extra_content, Check.ARCHIVE),
    (content_twice, Check.ARCHIVE),
]


@pytest.mark.parametrize(
    ("change", "check"), TAMPERING, ids=lambda each: getattr(each, "__name__", str(each))
)
def test_every_change_is_found_by_its_check(made: Made, tmp_path: Path, change, check) -> None:
    _, book = opened(tampered(made.bundle, tmp_path / "bundle", change))
    assert check in false(book)
    # The forger knew of the manifest's digests, so these say nothing; only its deployment may differ.
    assert Check.MANIFEST not in false(book) or change is another_contract


def test_an_untouched_bundle_put_together_again_is_as_it_was(made: Made, tmp_path: Path) -> None:
    copy = tampered(made.bundle, tmp_path / "bundle", lambda files: None)
    assert names(copy) == names(made.bundle)
    _, book = opened(copy)
    assert not book.findings


@pytest.mark.parametrize(
    "name", ["headers.rlp", "receipts.rlp", "transactions.rlp", "events.jsonl", "content.car"]
)
def test_a_file_that_is_cut_off_removed_or_changed_is_found(made: Made, tmp_path: Path, name: str) -> None:
    data = (made.bundle / name).read_bytes()
    for kind, rest in (("cut", data[:-7]), ("empty", b""), ("changed", bytes([data[0] ^ 1]) + data[1:])):
        copy = tmp_path / kind
        shutil.copytree(made.bundle, copy)
        (copy / name).write_bytes(rest)
        _, book = opened(copy)
        assert Check.MANIFEST in false(book)
        reseal(copy)
        assert opened(copy)[1].findings
    (copy / name).unlink()
    assert {Check.MANIFEST} < {finding.check for finding in opened(copy)[1].findings}


def test_removing_the_file_of_receipts_hides_no_event(made: Made, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(made.bundle, copy)
    (copy / RECEIPTS).unlink()
    assert {Check.MANIFEST, Check.BLOOM} <= false(opened(copy)[1])


def test_a_history_forged_from_end_to_end_is_consistent_and_fails_at_the_block_hash(
    made: Made, tmp_path: Path
) -> None:
    def forge(files: BundleFiles) -> None:
        place = block_of(files, "BatchCommitted")
        number = number_of(files.receipts[place])
        entry = files.receipts[place]
        fields = rlp.decode(entry[1][0][1:])
        entry[1][0] = entry[1][0][:1] + rlp.encode([*fields[:2], bytes(256), []])
        files.transactions = [each for each in files.transactions if number_of(each) != number]
        files.events = [each for each in files.events if each["position"]["block_number"] != number]
        parent = None
        renamed = {}
        for header in files.headers:
            old = keccak(rlp.encode(header))
            if int.from_bytes(header[8], "big") == number:
                header[5] = list_root(entry[1])
                header[6] = bloom_of([decode_receipt(each) for each in entry[1]])
            header[0] = parent or header[0]
            parent = keccak(rlp.encode(header))
            renamed["0x" + old.hex()] = "0x" + parent.hex()
        for event in files.events:
            event["position"]["block_hash"] = renamed[event["position"]["block_hash"]]

    copy = tampered(made.bundle, tmp_path / "bundle", forge)
    headers = read_files(copy).headers
    last = decode_header(rlp.encode(headers[-1]))
    reseal(copy, anchor=(last.number, bytes(last.hash)))
    _, book = opened(copy)
    assert false(book) == set()
    bundle, book = opened(copy, Wanted(block_hash=made.anchor))
    assert false(book) == {Check.BLOCK_HASH}
    assert not bundle.anchors.proven


def test_missing_content_is_listed_and_loses_nothing_else(made: Made, tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "content")
    import_content(made.bundle, store)
    gone = object_cid(made.tiny.network.history().blocks[-1].body_digest)
    store.path_of(gone).write_bytes(b"damaged")
    gone_too = object_cid(made.tiny.network.deployment.rules_digest)
    store.path_of(gone_too).unlink()
    out = tmp_path / "bundle"
    exported = export_chain(made.tiny.chain, made.tiny.network.deployment, store, out)
    assert set(exported.manifest.missing) >= {str(gone), str(gone_too)}
    assert exported.manifest.events == made.exported.manifest.events
    report = audited(out, Wanted(block_hash=made.anchor))
    assert (report.verdict, report.exit_code) == ("incomplete", 5)
    assert report.book.count(Status.FALSE) == 0


def test_a_report_begins_with_what_it_rests_on(made: Made) -> None:
    network = made.tiny.network
    wanted = Wanted(network.deployment.chain_id, network.deployment.address, made.anchor)
    facts = reported(made.bundle, wanted)
    names = [each.name for each in facts.anchors]
    assert names[:4] == ["evidence", "Ethereum block hash", "chain id", "contract"]
    assert facts.anchors[1].value == hex0x(made.anchor)
    assert [each.standing for each in facts.anchors[2:4]] == ["supplied to the audit"] * 2
    assert facts.verdict.startswith("Proven: ")
    assert not any("held" in limit for limit in facts.limits)
    # The bundle's headers go on behind the last event, so more blocks are known to be final.
    assert facts.subject.now > facts.subject.events[-1].position.time


def test_a_report_says_what_an_earlier_or_a_foreign_block_hash_leaves_open(made: Made) -> None:
    early = made.tiny.chain.block(made.tiny.network.deployment.block_number + 2)
    facts = reported(made.bundle, Wanted(block_hash=early.hash))
    assert facts.verdict.startswith("Consistent: ")
    assert f"proven; events up to block {facts.audit.anchors.last_event} are" in facts.anchors[1].standing  # type: ignore[union-attr]
    assert f"after block {early.number}" in facts.limits[0]
    assert facts.anchors[2].standing.startswith("claimed")
    assert "no hash of one" in reported(made.bundle).limits[0]
    foreign = reported(made.bundle, Wanted(block_hash=bytes(32)))
    assert foreign.verdict.startswith("False: ")
    assert "none of the bundle's headers" in foreign.anchors[1].standing


def test_content_that_is_missing_in_silence_is_named(made: Made, tmp_path: Path) -> None:
    copy = tampered(made.bundle, tmp_path / "bundle", lambda files: files.blocks.pop())
    _, book = opened(copy)
    assert [(each.check, each.status) for each in book.findings] == [(Check.ARCHIVE, Status.MISSING)]
    assert Check.ARCHIVE in {each.check for each in audited(copy).book.findings}


def test_a_bundle_without_proofs_says_so_and_is_never_proven(made: Made, tmp_path: Path) -> None:
    network, out = made.tiny.network, tmp_path / "bundle"
    exported = export_events(network.deployment, network.events(), network.store, out)
    assert exported.manifest.anchor is None
    report = audited(out)
    assert (report.verdict, report.exit_code) == ("consistent", 0)
    assert report.anchors
    assert report.anchors.level is Level.EVENTS
    facts = reported(out)
    assert [(each.name, each.value) for each in facts.anchors[:2]] == [
        ("evidence", "events"),
        ("Ethereum block hash", "none"),
    ]
    assert "without Ethereum headers or receipts" in facts.limits[0]
    _, book = opened(out, Wanted(block_hash=made.anchor))
    assert false(book) == {Check.BLOCK_HASH}


def test_an_imported_run_is_the_run_that_was_exported(made: Made, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = import_run(made.bundle, run, Wanted(block_hash=made.anchor))
    assert done.run is not None
    assert done.objects == made.exported.objects
    book = CheckBook()
    check_run(book, run, done.run)
    assert not book.findings
    record = read_run(run)
    assert list(record.events) == made.tiny.network.events()
    assert record.deployment == made.tiny.network.deployment
    assert set(record.store.blocks()) <= set(made.tiny.network.store.blocks())
    again = tmp_path / "again"
    assert export_chain(made.tiny.chain, record.deployment, record.store, again) == made.exported
    with pytest.raises(InputError, match="exists already"):
        import_run(made.bundle, run, NOBODY)


def test_nothing_is_restored_from_a_false_bundle(made: Made, tmp_path: Path) -> None:
    copy = tampered(made.bundle, tmp_path / "bundle", change_log_byte)
    with pytest.raises(FalseBundleError, match="905"):
        import_run(copy, tmp_path / "run", NOBODY)
    with pytest.raises(FalseBundleError, match="904"):
        import_run(made.bundle, tmp_path / "run", Wanted(block_hash=bytes(32)))
    assert not (tmp_path / "run").exists()


def part_of(bundle: Path) -> Path:
    return bundle.parent / f".{bundle.name}.part"


def interrupted(made: Made, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export up to some block, with a checkpoint every eight; leave what a killed process would leave behind that."""

    def stop(stage: str, done: int, total: int) -> None:
        if done > 20:
            raise KeyboardInterrupt

    monkeypatch.setattr("bema_py.roles.bundle.proof_writing.CHECKPOINT_EVERY", 8)
    network = made.tiny.network
    with pytest.raises(KeyboardInterrupt):
        export_chain(made.tiny.chain, network.deployment, network.store, out, progress=stop)
    assert not out.exists()
    with (part_of(out) / "headers.rlp").open("ab") as file:
        file.write(b"\xf9\x02")


def resumed(made: Made, out: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Export again, and give the numbers of the blocks that the chain was asked for."""
    asked: list[int] = []

    def counted(chain: Chain, deployment: Deployment, last: int, after: EthereumHeader | None) -> Any:
        for block in read_evidence(chain, deployment, last, after):
            asked.append(block.number)
            yield block

    monkeypatch.setattr("bema_py.roles.bundle.proof_writing.read_evidence", counted)
    network = made.tiny.network
    assert export_chain(made.tiny.chain, network.deployment, network.store, out) == made.exported
    assert names(out) == names(made.bundle)
    assert not part_of(out).exists()
    return asked


def test_an_interrupted_export_goes_on_to_the_same_bytes(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, first = tmp_path / "bundle", made.tiny.network.deployment.block_number
    interrupted(made, out, monkeypatch)
    assert resumed(made, out, monkeypatch) == list(range(first + 16, made.tiny.chain.head().number + 1))


def change_header(path: Path) -> None:
    """Let the checkpoint name another block of that number, as after a reorganisation."""
    plain = json.loads(path.read_text())
    header = rlp.decode(bytes.fromhex(plain["header"][2:]))
    header[2] = b"\x99" * 20
    path.write_text(json.dumps({**plain, "header": hex0x(rlp.encode(header))}))


@pytest.mark.parametrize(
    "damage",
    [
        change_header,
        lambda path: path.unlink(),
        lambda path: path.write_text("{"),
        lambda path: path.write_text(path.read_text().replace('"header": "0x', '"header": "0xff')),
        lambda path: path.with_name("receipts.rlp").write_bytes(b""),
    ],
)
def test_an_export_begins_anew_where_the_chain_or_the_files_are_others(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], object]
) -> None:
    out, first = tmp_path / "bundle", made.tiny.network.deployment.block_number
    interrupted(made, out, monkeypatch)
    damage(part_of(out) / "checkpoint.json")
    assert resumed(made, out, monkeypatch) == list(range(first, made.tiny.chain.head().number + 1))


def test_two_exports_of_one_bundle_do_not_mix(made: Made, tmp_path: Path) -> None:
    network, out = made.tiny.network, tmp_path / "bundle"
    with unfinished_bundle(out), pytest.raises(InputError, match="another export"):
        export_chain(made.tiny.chain, network.deployment, network.store, out)


def test_an_export_that_cannot_be_is_refused(made: Made, tmp_path: Path) -> None:
    network = made.tiny.network
    with pytest.raises(InputError, match="exists already"):
        export_chain(made.tiny.chain, network.deployment, network.store, made.bundle)
    with pytest.raises(InputError, match="deployed in 1"):
        export_chain(made.tiny.chain, network.deployment, network.store, tmp_path / "bundle", last=0)


def test_a_bundle_may_end_at_an_earlier_block(made: Made, tmp_path: Path) -> None:
    network = made.tiny.network
    exported = export_chain(made.tiny.chain, network.deployment, network.store, tmp_path / "bundle", last=12)
    assert exported.manifest.anchor
    assert exported.manifest.anchor[0] == 12
    bundle, book = opened(tmp_path / "bundle")
    assert not book.findings
    assert list(bundle.events) == [each for each in network.events() if each.position.block_number <= 12]


def test_no_manifest_is_believed(made: Made, tmp_path: Path) -> None:
    assert is_bundle(made.bundle)
    assert not is_bundle(made.directory)
    assert not is_bundle(tmp_path)
    (tmp_path / MANIFEST).write_text("[" * 100_000)
    assert not is_bundle(tmp_path)
    _, book = opened(made.bundle)
    wrong = CheckBook()
    open_bundle(wrong, made.bundle, NOBODY, sha256(b"another"))
    assert (false(book), false(wrong)) == (set(), {Check.MANIFEST})
