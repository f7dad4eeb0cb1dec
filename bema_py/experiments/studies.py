"""What all studies share: their settings, the runs of several seeds side by side, and the files they write."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev

from bema_py.core.errors import InputError
from bema_py.experiments.evaluation import SINGLE
from bema_py.experiments.methods import method_of
from bema_py.experiments.plans import RunPlan, Source, marked
from bema_py.experiments.records import RunRecord
from bema_py.experiments.setups import Budget, Setup
from bema_py.experiments.workers import Done, run_plans, training_seconds
from bema_py.learning.cases import CASES, UnknownCaseError
from bema_py.storage.atomic_file import write_atomically


class SeedsError(InputError):
    """No seed, or the same one twice."""

    def __init__(self, seeds: Sequence[int]) -> None:
        """Keep the seeds given."""
        self.seeds = tuple(seeds)
        super().__init__(f"seeds are {list(seeds)}: at least one is needed, each once")


class StartError(InputError):
    """Runs that a study compares begin with different local models."""

    def __init__(self, case: str, seed: int, machines: Sequence[str]) -> None:
        """Keep the case, the seed and the machines that played the runs."""
        self.case, self.seed, self.machines = case, seed, tuple(machines)
        super().__init__(
            f"the kept runs of case {case}, seed {seed} begin with different local models and cannot be compared "
            f"(played on {', '.join(machines)}): play them again, with another --cache or without their --accept"
        )


@dataclass(frozen=True, slots=True)
class StudySettings:
    """The choices of a study.

    name: of the command and of the files it writes. cache: directory of finished runs and local models. out: directory
    of the results. further: options that this study alone has, as its command states them. accepted: other code whose
    finished runs will do, as in `RunPlan`.
    """

    name: str
    source: Source
    setup: Setup
    budget: Budget
    seeds: tuple[int, ...]
    cases: tuple[str, ...]
    methods: tuple[str, ...]
    cache: Path
    out: Path
    jobs: int
    further: Mapping[str, str | int] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse seeds, cases and methods that no study has."""
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise SeedsError(self.seeds)
        for case in self.cases:
            if case not in CASES:
                raise UnknownCaseError(case)
        for method in self.methods:
            method_of(method)

    def plans(self, case: str, method: str, bogus: int) -> list[RunPlan]:
        """Give one run for each seed."""
        return [
            RunPlan(self.source, self.setup, self.budget, case, method, bogus, seed, accepted=self.accepted)
            for seed in self.seeds
        ]

    def run(self, plans: Sequence[RunPlan], done: Done) -> list[RunRecord]:
        """Play what was not played before; raises StartError."""
        records = run_plans(plans, self.cache, self.jobs, done)
        check_starts(records)
        return records

    def path(self, suffix: str) -> Path:
        """Give the place of a result; what was tuned on never bears the name of what is reported."""
        stem = "_".join([self.name, *marked(self.setup, self.source)])
        return self.out / f"{stem}.{suffix}"

    @property
    def marks(self) -> str:
        """The options that its command may not leave out."""
        return "".join(f" --{name}" for name in marked(self.setup, self.source))

    @property
    def command(self) -> str:
        """The command that repeats the study; where data and results lie is left to whoever repeats it."""
        data = "" if self.source.dataset == "digits" else " --data-dir DIR"
        options = {
            "seeds": ",".join(map(str, self.seeds)),
            "cases": ",".join(self.cases),
            "methods": ",".join(self.methods),
            "blocks": self.budget.blocks,
            "scan": self.budget.scan,
            "steps": self.setup.recipe.steps,
            **self.further,
        }
        stated = "".join(f" --{name} {value}" for name, value in options.items())
        return f"bema experiment {self.name} --dataset {self.source.dataset}{data}{stated}{self.marks}"


def check_starts(records: Iterable[RunRecord]) -> None:
    """Refuse runs of one case and seed that begin with different local models; raises StartError.

    Kept runs may come from another machine, where local training gives other models. They tell by how the first state
    predicts, as far as no rule has a part in it.
    """
    starts: dict[tuple[str, int], dict[tuple[float, float], str]] = {}
    for record in records:
        first = record.curve[0][1]
        if SINGLE in first and not method_of(record.method).widened:
            found = starts.setdefault((record.case, record.seed), {})
            found.setdefault((first["max model"], first[SINGLE]), record.machine)
    for (case, seed), machines in starts.items():
        if len(machines) > 1:
            raise StartError(case, seed, list(machines.values()))


def by_row(records: Iterable[RunRecord]) -> dict[tuple[str, str, int], list[RunRecord]]:
    """Bring the seeds of one case, method and percentage together, in the order of their first appearance."""
    rows: dict[tuple[str, str, int], list[RunRecord]] = {}
    for record in records:
        rows.setdefault((record.case, record.method, record.bogus), []).append(record)
    return rows


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Give the mean and the standard deviation of a sample, which is 0 for a single value."""
    return fmean(values), stdev(values) if len(values) > 1 else 0.0


def in_per_cent(mean: float, deviation: float, seeds: Sequence[int], *, signed: bool = False) -> str:
    """Give a mean in per cent, with its deviation where there is more than one seed."""
    stated = f"{100 * mean:+.2f}" if signed else f"{100 * mean:.2f}"
    return f"{stated} ± {100 * deviation:.2f}" if len(seeds) > 1 else stated


def write_results(settings: StudySettings, rows: object, text: str) -> None:
    """Write a study's rows as JSON and its page as Markdown, each whole or not at all."""
    for suffix, content in (("json", json.dumps(rows, indent=1) + "\n"), ("md", text)):
        write_atomically(settings.path(suffix), content.encode(), settings.out)


def provenance(settings: StudySettings, plans: Sequence[RunPlan], records: Sequence[RunRecord]) -> str:
    """Say what made a result: the command, the data, the seeds, the machine and the processor time."""
    trained = training_seconds(plans, settings.cache) / 60
    played = sum(sum(record.seconds.values()) for record in records) / 60
    judged = "held-out training samples, for tuning" if settings.source.tune else "the test set"
    return (
        f"Command: `{settings.command}`\n\n"
        f"Accuracy on {judged}; data set {settings.source.dataset}; seeds {', '.join(map(str, settings.seeds))}; "
        f"{settings.budget.blocks} blocks, at most {settings.budget.messages} messages each, "
        f"{settings.budget.scan} records looked through for each by all parties together; "
        f"local training {settings.setup.recipe}.\n\n"
        f"{counted('Machine', (record.machine for record in records))} Processor time: {trained:.1f} minutes for the "
        f"local models, which all runs share, and {played:.1f} minutes for the runs ({stage_shares(records)}). "
        f"{counted('Code', (record.code for record in records))}\n"
    )


def counted(what: str, found: Iterable[str]) -> str:
    """Say of how many runs something is true, for machines and codes of records."""
    counts = Counter(value or "not noted" for value in found)
    return " ".join(f"{what} of {count} runs: {value}." for value, count in sorted(counts.items()))


def stage_shares(records: Sequence[RunRecord]) -> str:
    """Say which share of the processor time each stage took."""
    totals: dict[str, float] = {}
    for record in records:
        for stage, seconds in record.seconds.items():
            totals[stage] = totals.get(stage, 0.0) + seconds
    whole = sum(totals.values()) or 1.0
    return ", ".join(f"{stage} {seconds / whole:.0%}" for stage, seconds in totals.items())


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a Markdown table, the first column to the left and numbers to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def percentages(found: Mapping[str, float], names: Sequence[str]) -> list[str]:
    """Give some accuracies in per cent with two digits."""
    return [f"{100 * found[name]:.2f}" if name in found else "-" for name in names]
