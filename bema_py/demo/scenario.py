"""The demonstration from beginning to end, resumable at every step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from bema_py.chain.connection import Chain, connect, embedded
from bema_py.core.merkle import merkle_proof
from bema_py.core.types import hex0x
from bema_py.demo.admission import Admission
from bema_py.demo.cast import Cast, choose_cast
from bema_py.demo.dispute import play_dispute
from bema_py.demo.founding import found_network, fund_pool, register_founders
from bema_py.demo.payday import pay
from bema_py.demo.record import RunNotes, moment, open_notes
from bema_py.demo.report import write_report
from bema_py.demo.rounds import Rounds, block_row
from bema_py.demo.settings import JOURNAL, DemoSettings, claim_directory
from bema_py.demo.tampering import tamper_with_body, tamper_with_parameters
from bema_py.demo.training import CENTRALISED, load_case, train_players
from bema_py.demo.view import View, ether
from bema_py.learning.cases import DataCase
from bema_py.learning.predictors import accuracy, max_model
from bema_py.learning.scoring import class_scores
from bema_py.roles.audit_report import AuditReport, report_to_plain
from bema_py.roles.auditor import audit_live
from bema_py.roles.content import load_body
from bema_py.roles.network import Network, read_ledger
from bema_py.roles.prediction import DEFAULT_PREDICTOR, measure_accuracy
from bema_py.roles.run_record import CONTENT, write_run
from bema_py.storage.directory_store import DirectoryStore

DISPUTED = 2
"""Before this block is mined a false one of its height shows how false blocks end."""
TIMEOUT = 60.0


@dataclass
class Stage:
    """What the acts of one demonstration share."""

    settings: DemoSettings
    directory: Path
    view: View
    notes: RunNotes
    case: DataCase
    cast: Cast
    network: Network

    def keep(self) -> None:
        """Write the notes, so that an interruption from here on loses nothing."""
        self.notes.save(self.directory)


def run_demo(settings: DemoSettings, wanted: Path, console: Console) -> tuple[RunNotes, int]:
    """Play the demonstration in a directory; returns its numbers and the audit's exit code."""
    began = time.monotonic()
    directory, resumed = claim_directory(wanted, settings)
    view = View(console)
    view.line(f"{'resuming' if resumed else 'running'} in {directory}")
    with _opened(settings, directory) as chain:
        stage = _found(settings, directory, chain, view)
        _calibrate(stage)
        _pay(stage)
        report = _audit(stage)
        _prove_inclusion(stage)
        stage.notes.manifest = hex0x(write_run(directory, stage.network.deployment, stage.network.events()))
    _tamper(stage)
    stage.keep()
    write_report(stage.notes, directory)
    view.summary(stage.notes, str(directory), time.monotonic() - began)
    return stage.notes, report.exit_code


@contextmanager
def _opened(settings: DemoSettings, directory: Path) -> Iterator[Chain]:
    """Open the chain behind the URL, or the embedded one whose journal lies in the run directory."""
    if settings.chain:
        with connect(settings.chain, timeout=TIMEOUT) as chain:
            yield chain
    else:
        with embedded(directory / JOURNAL) as chain:
            yield chain


def _found(settings: DemoSettings, directory: Path, chain: Chain, view: View) -> Stage:
    store = DirectoryStore(directory / CONTENT)
    case = load_case(settings)
    cast = choose_cast(settings, chain, case, directory)
    notes = open_notes(directory, asdict(settings))
    view.act(
        "Local models",
        "Every party trains a model of its own kind on its own data. The data stays where it is.",
    )
    models = train_players(settings, case, cast, store, directory, view)
    view.act(
        "Founding and admission",
        "Founders register. They validate every newcomer on their own data (eq. 2) and sign, or refuse.",
    )
    network = found_network(settings, chain, case, cast, store, directory)
    fund_pool(network, cast.deployer)
    register_founders(network, [(player.signer, models[player.name]) for player in cast.founders])
    Admission(settings, network, cast, models, notes, view).admit_all()
    if notes.centralised is None:
        scores = class_scores([models[CENTRALISED]], case.test.images, network.rules.classes)
        notes.centralised = accuracy(max_model(scores), case.test.labels)
    stage = Stage(settings, directory, view, notes, case, cast, network)
    stage.keep()
    return stage


def _calibrate(stage: Stage) -> None:
    """Play the blocks that an interrupted run has not mined yet."""
    stage.view.act(
        "Sample mining and blocks",
        "Parties find samples that their models get wrong, commit to them and reveal them; miners judge them,\n"
        "calibrate the models and seal the result with proof of work. One party sends bogus samples (eq. 1).",
    )
    rounds = Rounds(stage.settings, stage.network, stage.cast)
    for height in range(stage.settings.blocks + 1):
        if height == min(DISPUTED, stage.settings.blocks):
            _dispute(stage, height)
        if height > stage.network.contract.tip().height:
            _play(stage, rounds, height)
        _describe(stage, height)
    stage.notes.accuracy["after"] = stage.notes.accuracy[moment(stage.settings.blocks)]
    stage.keep()


def _dispute(stage: Stage, height: int) -> None:
    """Show once how a false block ends."""
    if stage.notes.dispute:
        return
    row = stage.notes.dispute = play_dispute(stage.network, stage.cast, height)
    stage.keep()
    stage.view.line(
        f"  block {row['height']:>3} by the intruder allots all it may to itself: honest miners refuse to build on it, "
        f"{row['votes']} founders\n            vote it off, its bond of {ether(row['bond'])} goes to the pool"
    )


def _pay(stage: Stage) -> None:
    """Let the challenge windows pass and a miner and a party take what they earned."""
    if not stage.notes.rewards:
        stage.notes.rewards = pay(stage.network, stage.cast)
        stage.keep()
    for row in stage.notes.rewards:
        stage.view.line(f"  {row['who']} claims and takes out {ether(row['wei'])} of rewards")


def _play(stage: Stage, rounds: Rounds, height: int) -> None:
    with stage.view.bars() as bars:
        offers = bars.add_task(f"block {height}: looking for samples", total=len(stage.cast.players))
        work = bars.add_task("miner", total=None)
        rounds.play(
            height,
            lambda: bars.advance(offers),
            lambda what, done, total: bars.update(work, description=what, completed=done, total=total),
            lambda tries: bars.update(work, description="search nonce", completed=tries, total=None),
        )


def _describe(stage: Stage, height: int) -> None:
    """Note and show what a block did and how accurate the models are after it; height 0 is the beginning."""
    network, notes = stage.network, stage.notes
    history = network.history()
    if moment(height) not in notes.accuracy:
        ledger = read_ledger(network, history, height)
        notes.accuracy[moment(height)] = measure_accuracy(network, history, ledger, stage.case.test)
    if len(notes.blocks) < height:
        event = history.blocks[height - 1]
        notes.blocks.append(block_row(stage.cast, event, load_body(network.store, event.body_digest)))
    stage.keep()
    if height:
        stage.view.block(notes.blocks[height - 1], notes.accuracy[moment(height)][DEFAULT_PREDICTOR])


def _audit(stage: Stage) -> AuditReport:
    """Let an auditor that knows only the chain and the content recompute everything."""
    stage.view.act(
        "Audit",
        "A fresh auditor sees only contract events and content. It recomputes every block from the parent models.",
    )
    fresh = DirectoryStore(stage.directory / CONTENT)
    report = audit_live(stage.network, fresh, on_block=stage.view.audited)
    stage.notes.audit = report_to_plain(report)
    stage.view.line(
        f"  {report.recomputed} of {len(report.blocks)} blocks recomputed, {report.mismatches} mismatches, "
        f"{report.missing} missing"
    )
    return report


def _prove_inclusion(stage: Stage) -> None:
    """Prove to the contract that a sample is in a block: the newest block that used one."""
    network = stage.network
    for event in reversed(network.history().blocks):
        body = load_body(network.store, event.body_digest)
        if body.samples:
            leaves = body.leaves()
            proof = merkle_proof(leaves, 1)
            holds = network.contract.verify_inclusion(event.header, leaves[1], 1, len(leaves), proof)
            sentence = (
                f"The contract {'confirms' if holds else 'denies'} with {len(proof)} hashes that sample "
                f"{hex0x(body.samples[0].sample)} of party {body.samples[0].owner} is leaf 1 of {len(leaves)} in block "
                f"{event.height}."
            )
            stage.notes.inclusion = {"holds": holds, "sentence": sentence}
            stage.view.line(f"  {sentence}")
            return
    stage.notes.inclusion = {
        "holds": None,
        "sentence": "No block used a sample, so there was nothing to prove.",
    }


def _tamper(stage: Stage) -> None:
    """Flip one bit in copies of the run and show what the auditor says."""
    stage.view.act(
        "Tampering", "One bit is flipped in a copy of the run, and then another. The auditor looks again."
    )
    changed = [block["height"] for block in stage.notes.blocks if block["updates"]]
    trials = (
        [tamper_with_parameters(stage.directory, changed[0]), tamper_with_body(stage.directory, changed[-1])]
        if changed
        else []
    )
    stage.notes.tampering = [
        {"what": trial.what, "found": trial.found, "caught": trial.report.mismatches > 0} for trial in trials
    ]
    for trial in trials:
        stage.view.line(f"  {trial.what}:")
        for sentence in trial.found:
            stage.view.line(f"    {sentence}")
