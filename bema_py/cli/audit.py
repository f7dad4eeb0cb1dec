"""`bema audit`: recompute a history."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.output import JsonOption, console, emit, errors, table, watched
from bema_py.cli.profile import load_profile
from bema_py.core.checks import check_hex
from bema_py.core.errors import BemaError, InputError
from bema_py.core.types import Address, Digest
from bema_py.roles.audit_report import AuditReport, report_to_plain
from bema_py.roles.audit_scope import Scope, spans
from bema_py.roles.auditor import AuditPlan, BlockDone, audit_live
from bema_py.roles.auditor import audit as audit_history
from bema_py.roles.bundle.anchors import Wanted
from bema_py.roles.bundle.layout import is_bundle
from bema_py.roles.chain_walk import BlockOutcome
from bema_py.roles.checks import CheckBook
from bema_py.roles.reporting.facts import Subject
from bema_py.roles.reporting.subjects import subject_of_bundle, subject_of_network, subject_of_run
from bema_py.roles.run_record import check_run, read_run

SHOWN_FINDINGS = 50


class AuditInterruptedError(BemaError):
    """The auditor interrupted the audit."""

    exit_code = 130

    def __init__(self, resume: Path | None) -> None:
        """Keep where recomputed blocks are kept, if they are."""
        if resume is None:
            hint = "nothing was kept; with --resume DIR the next audit keeps every block it recomputes"
        else:
            hint = f"the blocks recomputed so far are kept in {resume}, the same command goes on from there"
        super().__init__(f"interrupted: {hint}")
        self.resume = resume


def audit(
    run: Annotated[
        Path | None, typer.Argument(help="A run directory or a bundle; without it the profile's live chain.")
    ] = None,
    manifest: Annotated[str, typer.Option(help="The manifest digest the run printed, kept elsewhere.")] = "",
    chain_id: Annotated[int | None, typer.Option(help="The chain that a bundle must be about.")] = None,
    contract: Annotated[str, typer.Option(help="The contract that a bundle must be about.")] = "",
    block_hash: Annotated[
        str,
        typer.Option(
            help="An Ethereum block hash from elsewhere, at or after a bundle's last event: proves it."
        ),
    ] = "",
    first: Annotated[int, typer.Option("--from", min=1, help="The first height to recompute.")] = 1,
    last: Annotated[
        int | None, typer.Option("--to", min=1, help="The last height to recompute; without it the tip.")
    ] = None,
    sample: Annotated[
        str,
        typer.Option(help="The share of these blocks to recompute, drawn by the tip's hash: 0.1 or 1/10."),
    ] = "1",
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that audit blocks, one core each; without it only this one."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="A directory of your own that keeps recomputed blocks, so that an audit can go on."
        ),
    ] = None,
    profile: Annotated[Path, typer.Option("--profile", "-p", help="The profile of a live network.")] = Path(
        "bema.toml"
    ),
    report: Annotated[
        Path | None,
        typer.Option("--report", help="A directory for the report: audit.html, audit.md and audit.json."),
    ] = None,
    prepared: Annotated[
        str,
        typer.Option(help="Who prepared the report and when, printed in it as given; nothing else is dated."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Recompute every block from events and content alone; exit code 0 only if everything checked holds.

    Exit code 1: something is false. Exit code 5: content is missing, so nothing can be said about it. 130: interrupted.

    Example: bema audit runs/demo --manifest 3f0a... --jobs 4 --resume runs/demo-audit
    """
    wanted = _wanted(run, chain_id, contract, block_hash)
    plan = AuditPlan(Scope(first, last, read_share(sample)), jobs, resume)
    try:
        subject, outcome = _audit(run, manifest, wanted, profile, plan, as_json)
    except KeyboardInterrupt:
        raise AuditInterruptedError(resume) from None
    emit(as_json, report_to_plain(outcome), _verdict(outcome, anchored=run is None or bool(manifest)))
    if not as_json:
        _show_findings(outcome)
    if report is not None:
        _write(replace(subject, prepared=prepared), outcome, report)
    raise typer.Exit(outcome.exit_code)


def _write(subject: Subject, outcome: AuditReport, directory: Path) -> None:
    # matplotlib and jinja2 take half a second, and only a report needs them.
    from bema_py.roles.reporting.compose import compose  # noqa: PLC0415
    from bema_py.roles.reporting.write import write_report  # noqa: PLC0415

    page = next(path for path in write_report(compose(subject, outcome), directory) if path.suffix == ".html")
    errors.print(f"the report is {page}", markup=False, soft_wrap=True)


def read_share(text: str) -> Fraction:
    """Read a share of blocks, such as 0.1 or 1/10; raises InputError."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"--sample is {text!r}, a share such as 0.1 or 1/10 is needed") from None


def _wanted(run: Path | None, chain_id: int | None, contract: str, block_hash: str) -> Wanted | None:
    """Return what the auditor knows of a bundle from elsewhere; None where no bundle is audited."""
    if run is not None and is_bundle(run):
        return Wanted(
            chain_id,
            Address(check_hex("--contract", contract, 20)) if contract else None,
            check_hex("--block-hash", block_hash, 32) if block_hash else None,
        )
    if chain_id is not None or contract or block_hash:
        raise InputError("--chain-id, --contract and --block-hash say what a bundle must be about")
    return None


def _audit(
    run: Path | None, manifest: str, wanted: Wanted | None, profile: Path, plan: AuditPlan, as_json: bool
) -> tuple[Subject, AuditReport]:
    if run is None:
        return _audit_network(profile, plan, as_json)
    if wanted is None:
        return _audit_run(run, manifest, plan, as_json)
    return _audit_bundle(run, manifest, wanted, plan, as_json)


def _audit_network(profile: Path, plan: AuditPlan, as_json: bool) -> tuple[Subject, AuditReport]:
    from bema_py.cli.opening import open_network  # noqa: PLC0415 - loads web3, which no file needs

    network = open_network(load_profile(profile))
    subject = subject_of_network(network)
    with watched("audit", as_json) as moved:
        return subject, audit_live(
            network,
            network.store,
            plan=plan,
            events=subject.events,
            on_block=_told(as_json),
            progress=moved,
        )


def _audit_run(run: Path, manifest: str, plan: AuditPlan, as_json: bool) -> tuple[Subject, AuditReport]:
    if not run.is_dir():
        raise InputError(f"{run} is not a run directory")
    record, pinned = read_run(run), _pinned(manifest)
    with watched("audit", as_json) as moved:
        return subject_of_run(record, manifest), audit_history(
            record.deployment,
            record.events,
            record.store,
            plan=plan,
            besides=lambda book: check_run(book, run, pinned),
            on_block=_told(as_json),
            progress=moved,
        )


def _audit_bundle(
    directory: Path, manifest: str, wanted: Wanted, plan: AuditPlan, as_json: bool
) -> tuple[Subject, AuditReport]:
    """Check the proofs, say what the verdict will rest on, and only then recompute."""
    # These load what reads transactions, which no other history needs.
    from bema_py.roles.bundle.auditing import audit_bundle  # noqa: PLC0415
    from bema_py.roles.bundle.opening import open_bundle  # noqa: PLC0415

    book = CheckBook()
    with watched("bundle", as_json) as moved:
        bundle = open_bundle(book, directory, wanted, _pinned(manifest), moved)
    if not as_json:
        console.print("\n".join(bundle.anchors.lines()), soft_wrap=True)
    with watched("audit", as_json) as moved:
        return subject_of_bundle(bundle, manifest), audit_bundle(
            bundle, book, plan=plan, on_block=_told(as_json), progress=moved
        )


def _told(as_json: bool) -> BlockDone | None:
    return None if as_json else _tell


def _pinned(manifest: str) -> Digest | None:
    return Digest(check_hex("--manifest", manifest, 32)) if manifest else None


def _tell(outcome: BlockOutcome) -> None:
    """Tell about a block as soon as it is done."""
    block = outcome.verdict
    if block.mismatches + block.missing:
        verdict = f"{block.mismatches} false, {block.missing} missing"
    elif block.left_out:
        verdict = "not recomputed, consistent as far as checked"
    else:
        verdict = "recomputed by an earlier audit, identical" if block.repeated else "recomputed, identical"
    errors.print(f"block {block.height}: {verdict}")


def _verdict(report: AuditReport, anchored: bool) -> str:
    text = (
        f"{report.recomputed} of {len(report.blocks)} blocks recomputed, {report.mismatches} mismatches, "
        f"{report.missing} missing"
    )
    if report.repeated:
        text += f"; {report.repeated} of them by an earlier audit"
    if report.orphans:
        text += f"; {len(report.orphans)} orphaned blocks explained"
    if report.left_out:
        text += (
            f"\n{report.verdict}; chosen were {report.selection}"
            f"\nnot recomputed: the judgements and calibrations of blocks {spans(report.left_out)}"
        )
    if report.anchors:
        return f"{text}\nverdict: {report.verdict}"
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
