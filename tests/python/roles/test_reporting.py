"""An audit's report: all that was checked and found, the same bytes each time, and nothing that others wrote runs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cheating import lie
from test_auditor import AlteredStore
from tiny_network import TinyNetwork, tiny_network

from bema_py.roles.audit_scope import Scope
from bema_py.roles.auditor import AuditPlan, audit
from bema_py.roles.checks import Check
from bema_py.roles.reporting.compose import compose
from bema_py.roles.reporting.facts import Anchor, Facts
from bema_py.roles.reporting.subjects import subject_of_network
from bema_py.roles.reporting.write import ReportNotWrittenError, render, write_report
from bema_py.storage.content_store import ContentStore

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=https://evil.example/x onerror=alert(1)> | "
    "[x](https://evil.example) `<b>`"
)
VOID = {"meta", "img", "br", "input", "link"}


class Page(HTMLParser):
    """What a browser would see: tags with attributes, and whether every tag is closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def reported(tiny: TinyNetwork, store: ContentStore | None = None, plan: AuditPlan | None = None) -> Facts:
    network = tiny.network
    subject = replace(subject_of_network(network), store=store or network.store)
    found = audit(network.deployment, subject.events, subject.store, plan=plan or AuditPlan())
    return compose(subject, found)


@pytest.fixture(scope="module")
def facts(told: TinyNetwork) -> Facts:
    return reported(told)


def test_both_pages_tell_every_check_and_all_that_happened(facts: Facts) -> None:
    page, text = Page(render(facts, "audit.html")), render(facts, "audit.md")
    for check in Check:
        assert f"| {check.number} | " in text
        assert check.meaning in page.text
    for part in ("What was checked", "Disputes, rollbacks and suspensions", "What this audit cannot say"):
        assert part in page.text
        assert part in text
    assert [story.title for story in facts.stories] == [
        "Rollback at height 4: 1 block left the chain",
        "Rollback at height 4: 2 blocks left the chain",
        "Party 4 was suspended",
    ]
    assert "found in it: calibration record: judged is 1, recomputed 0" in " ".join(facts.stories[0].lines)
    assert "nothing false is found in it" in " ".join(facts.stories[1].lines)
    assert facts.verdict.startswith("Consistent: every check held, and 4 blocks were recomputed")
    assert "verdict consistent" in {attributes.get("class") for _, attributes in page.tags}


def test_checks_count_what_was_asked_and_not_only_what_failed(facts: Facts) -> None:
    lines = {line.number: line for line in facts.checks}
    assert (lines[503].asked, lines[503].false) == (facts.audit.book.passed[Check.ROOT], 0)
    assert lines[801].asked == 0
    assert lines[106].notices == 3


def test_the_tables_add_up(facts: Facts) -> None:
    judged = next(block for block in facts.blocks if block.height == 2)
    assert judged.refused is not None
    assert judged.judged == (judged.used or 0) + sum(number for _, number in judged.refused)
    assert [block.standing for block in facts.blocks[4:]] == ["rejected", "rejected", "orphaned"]
    assert sum(party.used for party in facts.parties) == sum(block.used or 0 for block in facts.blocks[:4])
    assert facts.parties[3].standing.startswith("suspended 2026-")
    assert 0 < len(facts.thumbnails) <= 24


def test_the_page_asks_nothing_of_anybody_and_runs_nothing(facts: Facts) -> None:
    page = Page(render(facts, "audit.html"))
    assert not {"script", "iframe", "object", "link", "form"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    assert "url(http" not in render(facts, "audit.html")
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")


def test_the_same_history_gives_the_same_bytes(told: TinyNetwork, facts: Facts, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_report(facts, tmp_path / "one")]
    again = [path.read_bytes() for path in write_report(reported(told), tmp_path / "two")]
    assert first == again
    plain = json.loads(first[2])
    assert plain["audit"]["verdict"] == "consistent"
    assert len(plain["checks"]) == len(Check)


def test_what_was_passed_in_is_printed_with_the_anchors_first(facts: Facts) -> None:
    subject = replace(facts.subject, prepared="by A. Auditor, on a Monday")
    shown = replace(facts, subject=subject, anchors=(*facts.anchors, Anchor("receipts", "0x12", "proved")))
    for name in ("audit.html", "audit.md"):
        text = render(shown, name)
        assert "by A. Auditor, on a Monday" in text
        assert text.index("receipts") < text.index("Verdict\n" if name.endswith("md") else 'id="verdict"')
    assert "Prepared" not in render(facts, "audit.html")


def test_a_directory_that_cannot_be_written_is_named(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportNotWrittenError, match=r"cannot be written to .*file"):
        write_report(facts, tmp_path / "file")


@pytest.fixture
def false_history(tmp_path: Path) -> Iterator[TinyNetwork]:
    """A false block that stayed, under an honest one that was rejected for a reason full of markup."""
    tiny = tiny_network(tmp_path)
    lie(tiny)
    yield tiny
    tiny.chain.close()


def test_a_false_block_is_named_in_the_verdict_the_findings_and_the_table(false_history: TinyNetwork) -> None:
    facts = reported(false_history)
    assert facts.verdict.startswith("False: of what was checked in 1 block, 1 statement did not hold")
    (finding,) = facts.findings
    assert (finding.number, finding.place) == (502, "block 1, leaf 0")
    assert facts.blocks[0].result == "false"
    page = Page(render(facts, "audit.html"))
    assert "verdict false" in {attributes.get("class") for _, attributes in page.tags}
    assert finding.message in page.text
    assert "502 record | block 1, leaf 0 |" in render(facts, "audit.md")


def test_what_others_wrote_stays_text(false_history: TinyNetwork) -> None:
    false_history.reject(1, HOSTILE)
    facts = reported(false_history)
    assert any("<script>" in line for story in facts.stories for line in story.lines)
    html, text = render(facts, "audit.html"), render(facts, "audit.md")
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert all((attributes.get("src") or "data:").startswith("data:") for _, attributes in page.tags)
    assert "<script>alert(1)</script>" in page.text
    assert "<script" not in text
    assert "<img" not in text
    assert "](https" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("| 106 ") and "votes" in line]
    assert row.replace("\\|", "").count("|") == 4


def test_missing_content_is_listed_and_leaves_gaps(told: TinyNetwork) -> None:
    network = told.network
    second = network.history().blocks[1]
    facts = reported(told, AlteredStore(network.store, second.body_digest, None))
    assert facts.verdict.startswith("Incomplete: nothing false was found")
    assert 501 in {finding.number for finding in facts.missing}
    assert facts.blocks[1].used is None
    assert any("missing content" in limit for limit in facts.limits)
    assert "content missing" in Page(render(facts, "audit.html")).text


def test_without_the_rules_object_there_is_still_a_report(told: TinyNetwork) -> None:
    network = told.network
    facts = reported(told, AlteredStore(network.store, network.deployment.rules_digest, None))
    assert facts.thumbnails == facts.stories == ()
    assert 102 in {finding.number for finding in facts.missing}
    Page(render(facts, "audit.html"))


def test_a_partial_audit_says_in_the_report_what_stays_open(told: TinyNetwork) -> None:
    facts = reported(told, plan=AuditPlan(Scope(2, 2)))
    assert facts.verdict.startswith(
        "Consistent as far as checked: every check that was asked of 4 blocks held"
    )
    assert any(
        limit.startswith("Whether the samples of blocks 1, 3 to 4 were judged") for limit in facts.limits
    )
    assert facts.blocks[0].result == "not recomputed"
