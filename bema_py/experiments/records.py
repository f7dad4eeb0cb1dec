"""What a run measured, as it is kept."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bema_py.core.errors import MalformedError
from bema_py.core.types import PartyId
from bema_py.experiments.code import code_digest
from bema_py.experiments.keeping import kept_place
from bema_py.experiments.machine import describe_machine
from bema_py.experiments.methods import method_of
from bema_py.experiments.plans import RunPlan


class RunRecordError(MalformedError):
    """A kept record cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and the reason."""
        self.path, self.reason = path, reason
        super().__init__(f"{path} is not the record of a run ({reason}); remove it and run again")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run measured.

    blocks: messages sent and used in every block. curve: height and accuracies of every evaluated state. seconds:
    processor time by stage, on `machine`: the only parts that differ when a run is repeated. attack: the strategy of
    the attackers, empty where there are none by plan. suspended: parties and the heights of the blocks from which on
    they were. code: digest of the code that played the run. Both are empty in records from before they were noted.
    """

    case: str
    method: str
    bogus: int
    seed: int
    blocks: tuple[Mapping[str, int], ...]
    curve: tuple[tuple[int, Mapping[str, float]], ...]
    seconds: Mapping[str, float]
    attack: str = ""
    attackers: tuple[PartyId, ...] = ()
    suspended: tuple[tuple[PartyId, int], ...] = ()
    code: str = ""
    machine: str = ""

    @classmethod
    def of(
        cls,
        plan: RunPlan,
        blocks: tuple[Mapping[str, int], ...],
        curve: tuple[tuple[int, Mapping[str, float]], ...],
        seconds: Mapping[str, float],
        *,
        attackers: Collection[PartyId] = (),
        suspended: Sequence[tuple[PartyId, int]] = (),
    ) -> "RunRecord":
        """Give the record of a plan's run."""
        rounded = {stage: round(value, 1) for stage, value in seconds.items()}
        return cls(
            plan.case,
            plan.method,
            plan.bogus,
            plan.seed,
            blocks,
            curve,
            rounded,
            plan.attack,
            tuple(sorted(attackers)),
            tuple(suspended),
            code_digest(),
            describe_machine(),
        )

    @property
    def accuracy(self) -> float:
        """The final accuracy by the method's own predictor."""
        return self.curve[-1][1][method_of(self.method).predictor]

    def to_json(self) -> bytes:
        """Give the record as a JSON file."""
        return (json.dumps(asdict(self), indent=1) + "\n").encode()


def record_path(plan: RunPlan, directory: Path) -> Path:
    """Give the place of a run's record: where accepted code kept one there, else where this code will."""
    return kept_place(directory / "runs", plan.names)


def kept_record(plan: RunPlan, directory: Path) -> RunRecord | None:
    """Read the record of a finished run; raises RunRecordError."""
    path = record_path(plan, directory)
    if not path.exists():
        return None
    try:
        plain: dict[str, Any] = json.loads(path.read_text())
        curve = tuple((height, found) for height, found in plain.pop("curve"))
        suspended = tuple((PartyId(party), height) for party, height in plain.pop("suspended"))
        blocks, attackers = tuple(plain.pop("blocks")), tuple(plain.pop("attackers"))
        return RunRecord(**plain, blocks=blocks, curve=curve, attackers=attackers, suspended=suspended)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunRecordError(path, str(error)) from error
