"""`bema audit`: recompute a history."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bema_py.cli.opening import open_network
from bema_py.cli.output import JsonOption, console, emit, errors, table
from bema_py.cli.profile import load_profile
from bema_py.core.checks import check_hex
from bema_py.core.errors import InputError
from bema_py.core.types import Digest
from bema_py.roles.auditor import AuditReport, audit_live, report_to_plain
from bema_py.roles.auditor import audit as audit_history
from bema_py.roles.block_audit import BlockAudit
from bema_py.roles.checks import CheckBook, Status
from bema_py.roles.run_record import check_run, read_run

SHOWN_FINDINGS = 50


def audit(
    run: Annotated[
        Path | None, typer.Argument(help="A run directory; without it the profile's live chain.")
    ] = None,
    manifest: Annotated[str, typer.Option(help="The manifest digest the run printed, kept elsewhere.")] = "",
    profile: Annotated[Path, typer.Option("--profile", "-p", help="The profile of a live network.")] = Path(
        "bema.toml"
    ),
    as_json: JsonOption = False,
) -> None:
    """Recompute every block from events and content alone; exit code 0 only if everything holds.

    Exit code 1: something is false. Exit code 5: content is missing, so nothing can be said about it.

    Example: bema audit runs/demo --manifest 3f0a...
    """
    if run is None:
        network = open_network(load_profile(profile))
        report = audit_live(network, network.store, on_block=_shower(as_json))
    else:
        report = _audit_run(run, manifest, as_json)
    emit(as_json, report_to_plain(report), _verdict(report, anchored=run is None or bool(manifest)))
    if not as_json:
        _show_findings(report)
    raise typer.Exit(report.exit_code)


def _audit_run(run: Path, manifest: str, as_json: bool) -> AuditReport:
    if not run.is_dir():
        raise InputError(f"{run} is not a run directory")
    book = CheckBook()
    check_run(book, run, Digest(check_hex("--manifest", manifest, 32)) if manifest else None)
    record = read_run(run)
    return audit_history(record.deployment, record.events, record.store, book=book, on_block=_shower(as_json))


def _shower(as_json: bool) -> Any:
    """Return what tells about every block as it is done; for programs nothing is shown."""

    def show(result: BlockAudit) -> None:
        false, missing = result.book.count(Status.FALSE), result.book.count(Status.MISSING)
        verdict = "recomputed, identical" if not false + missing else f"{false} false, {missing} missing"
        errors.print(f"block {result.event.height}: {verdict}")

    return None if as_json else show


def _verdict(report: AuditReport, anchored: bool) -> str:
    text = (
        f"{report.recomputed} of {len(report.blocks)} blocks recomputed, {report.mismatches} mismatches, "
        f"{report.missing} missing"
    )
    if report.orphans:
        text += f"; {len(report.orphans)} orphaned blocks explained"
    if anchored:
        return text
    return f"{text}\nthese files agree among themselves; give --manifest with the digest the run printed to pin them"


def _show_findings(report: AuditReport) -> None:
    findings = report.book.findings
    if not findings:
        return
    rows = [
        (finding.check.number, finding.status.value, str(finding.place), finding.message)
        for finding in findings[:SHOWN_FINDINGS]
    ]
    console.print(table("findings", ("check", "status", "where", "what"), rows))
    if len(findings) > SHOWN_FINDINGS:
        console.print(f"and {len(findings) - SHOWN_FINDINGS} more; --json gives all")
