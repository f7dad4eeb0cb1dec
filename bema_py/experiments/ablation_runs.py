"""One run of the ablation: a run as any other that also counts what was looked through, perhaps read otherwise."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import process_time
from typing import Literal

import numpy as np
import numpy.typing as npt

from bema_py.experiments.adversary import Attack
from bema_py.experiments.engine import play
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.records import RunRecord, kept_record, record_path
from bema_py.experiments.runs import begin, evaluated, open_case, world_of
from bema_py.experiments.systems import System
from bema_py.experiments.watching import WatchedSystem
from bema_py.experiments.world import World
from bema_py.learning.krum import Integers
from bema_py.learning.margin import Judgement, judge
from bema_py.learning.scoring import Scores
from bema_py.storage.atomic_file import write_atomically

Reading = Literal["as-ruled", "strict-margin", "scored-classes"]
"""What no rules object expresses: eq. 8 with rho < 0, left to whoever offers; S(y) of all whose models score y."""


@dataclass(frozen=True, slots=True)
class AblationRun:
    """A run without attack under one reading."""

    plan: RunPlan
    reading: Reading = "as-ruled"


@dataclass
class Looked:
    """What honest parties looked through since the last block, counted as they choose what to offer.

    scanned: records. valid: those that pass eqs. 8 to 10. tied: valid ones with rho = 0. enhanced: pairs of a valid
    sample and a holder of its class that eq. 11 without its strictness moves. level: those pairs that it would not move
    if it were strict, as printed.
    """

    strict: bool
    counts: Counter[str] = field(default_factory=Counter)

    def choose(self, system: System, scores: Scores, labels: Integers) -> npt.NDArray[np.bool_]:
        """Choose the valid samples, those with rho = 0 only where the margin need not be below 0."""
        valid = system.wanted(scores, labels)
        judged = judge(scores, labels, system.membership, system.rules)
        tied = np.array([is_tied(judgement) for judgement in judged], dtype=np.bool_) & valid
        self.counts.update(scanned=len(labels), valid=int(valid.sum()), tied=int(tied.sum()))
        for position in np.flatnonzero(valid).tolist():
            judgement = judged[position]
            holders = list(system.membership.holders(judgement.label))
            beyond = judgement.sum_a - judgement.m_a * scores[holders, position, judgement.label]
            self.counts.update(enhanced=int((beyond >= 0).sum()), level=int((beyond == 0).sum()))
        return valid & ~tied if self.strict else valid

    def taken(self) -> dict[str, int]:
        """Give the counts and begin anew."""
        taken = {name: self.counts[name] for name in ("scanned", "valid", "tied", "enhanced", "level")}
        self.counts.clear()
        return taken


def is_tied(judgement: Judgement) -> bool:
    """Say whether rho is exactly 0."""
    return judgement.sum_a * judgement.m_b == judgement.sum_b * judgement.m_a


def ablation_run(unit: AblationRun, directory: Path) -> RunRecord:
    """Give a run's record: read it where the run was finished before, else play the run and keep it.

    Beside what any run counts, each block of the record has the counts of `Looked`.
    """
    kept = kept_run(unit, directory)
    if kept is not None:
        return kept
    record = played(unit, directory / "models")
    path = record_path(unit.plan, place_of(unit, directory))
    write_atomically(path, record.to_json(), directory / "unfinished")
    return record


def kept_run(unit: AblationRun, directory: Path) -> RunRecord | None:
    """Read the record of a finished run; raises RunRecordError."""
    return kept_record(unit.plan, place_of(unit, directory))


def place_of(unit: AblationRun, directory: Path) -> Path:
    """Give the directory of the runs of one reading."""
    return directory / "ablation" / unit.reading


def played(unit: AblationRun, models: Path) -> RunRecord:
    """Play a run and evaluate its first and its last state."""
    begun, plan = process_time(), unit.plan
    case = open_case(plan)
    world = world_of(plan, case, models)
    looked = Looked(strict=unit.reading == "strict-margin")
    system = WatchedSystem(begin(plan, as_read(world, unit.reading)), looked.choose)
    before, blocks, notes = evaluated(system, case), [], []
    for note in play(system, Holdings(world.private, plan.seed), plan.budget, Attack()):
        notes.append(note)
        blocks.append(note.counts() | looked.taken())
    curve = ((0, before), (plan.budget.blocks, evaluated(system, case)))
    seconds = {
        "scan": sum(note.scan_seconds for note in notes),
        "block": sum(note.block_seconds for note in notes),
    }
    seconds["evaluate"] = process_time() - begun - sum(seconds.values())
    return RunRecord.of(plan, tuple(blocks), curve, seconds)


def as_read(world: World, reading: Reading) -> World:
    """Give the world in which S(y) is as the reading has it."""
    if reading != "scored-classes":
        return world
    members = tuple(replace(member, held_classes=member.label_space) for member in world.members)
    return replace(world, members=members)
