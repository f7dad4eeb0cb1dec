"""`bema experiment`: the paper's figures and tables, each one command."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, wraps
from inspect import Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bema_py.cli.output import console, progress
from bema_py.core.errors import InputError

if TYPE_CHECKING:
    from bema_py.experiments.studies import StudySettings
    from bema_py.experiments.workers import Done

app = typer.Typer(no_args_is_help=True)

BlocksOption = Annotated[int, typer.Option(help="Blocks a run, 1 to 50.")]
CasesOption = Annotated[str, typer.Option(help="Cases, separated by commas.")]
MethodsOption = Annotated[str, typer.Option(help="Methods, separated by commas.")]
JobsOption = Annotated[int, typer.Option(help="Worker processes, 1 or 2.")]


@dataclass(frozen=True)
class StudyOptions:
    """The options of every study."""

    dataset: Annotated[str, typer.Option(help="digits (embedded) or mnist.")] = "digits"
    data_dir: Annotated[
        str, typer.Option(help="Directory of MNIST's IDX files; without it they are downloaded.")
    ] = ""
    seeds: Annotated[str, typer.Option(help="One run for each, separated by commas.")] = "1"
    scan: Annotated[int, typer.Option(help="Records that all parties look through for a block.")] = 3000
    steps: Annotated[int, typer.Option(help="Batches of a local training; 0 for the data set's number.")] = 0
    tune: Annotated[
        bool, typer.Option("--tune", help="Evaluate on held-out training samples in place of the test set.")
    ] = False
    out: Annotated[Path, typer.Option(help="Directory of the results.")] = Path("docs/results")
    cache: Annotated[
        Path,
        typer.Option(
            help="Directory of local models and finished runs; what it holds is not computed again."
        ),
    ] = Path("runs/experiments")

    def settings(
        self, name: str, cases: str, methods: str, *, blocks: int, every: int, jobs: int = 1
    ) -> "StudySettings":
        """Read the options, with those that not every study has; `every` is the blocks between evaluations."""
        # Only these commands should wait for torch and matplotlib.
        from bema_py.experiments.plans import Source  # noqa: PLC0415
        from bema_py.experiments.setups import Budget, setup_of  # noqa: PLC0415
        from bema_py.experiments.studies import StudySettings  # noqa: PLC0415

        setup = setup_of(self.dataset)
        if self.steps:
            setup = replace(setup, recipe=replace(setup.recipe, steps=self.steps))
        return StudySettings(
            name=name,
            source=Source(self.dataset, self.data_dir, self.tune),
            setup=setup,
            budget=Budget(blocks, scan=self.scan, evaluate_every=every),
            seeds=tuple(integers(self.seeds)),
            cases=tuple(names(cases)),
            methods=tuple(names(methods)),
            cache=self.cache,
            out=self.out,
            jobs=jobs,
        )


def study_command(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command that has StudyOptions, its first parameter, beside the options of its own."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        shared = signature(StudyOptions).parameters
        _, *own = signature(function).parameters.values()

        @wraps(function)
        def command(**given: Any) -> None:
            function(StudyOptions(**{option: given.pop(option) for option in shared}), **given)

        # Typer reads the options off the signature.
        command.__signature__ = Signature([*shared.values(), *own])  # type: ignore[attr-defined]
        return app.command(name)(command)

    return register


@study_command("fig6")
def fig6_command(
    options: StudyOptions,
    cases: CasesOption = "A,B,C,D",
    methods: MethodsOption = "hmr,hmr-refit,bema,bema+,fedavg,centralised",
    blocks: BlocksOption = 50,
    every: Annotated[int, typer.Option(help="Blocks between two evaluations.")] = 5,
    jobs: JobsOption = 2,
) -> None:
    """Accuracy block by block in cases A to D, with HMR, FedAvg and a centralised model (Figure 6).

    Example: bema experiment fig6 --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    from bema_py.experiments.fig6 import fig6  # noqa: PLC0415 - as above

    conduct(fig6, options.settings("fig6", cases, methods, blocks=blocks, every=every, jobs=jobs))


@study_command("table1")
def table1_command(
    options: StudyOptions,
    cases: CasesOption = "D,D-20,D-50",
    methods: MethodsOption = "hmr,bema,bema+",
    blocks: BlocksOption = 50,
    jobs: JobsOption = 2,
) -> None:
    """Accuracy of 10, 20 and 50 parties under 0, 10, 20 and 50 % bogus messages (Table I).

    Example: bema experiment table1 --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    from bema_py.experiments.table1 import table1  # noqa: PLC0415 - as above

    conduct(table1, options.settings("table1", cases, methods, blocks=blocks, every=blocks, jobs=jobs))


@study_command("attacks")
def attacks_command(
    options: StudyOptions,
    cases: CasesOption = "D,D0",
    methods: Annotated[str, typer.Option(help="Defences: methods, separated by commas.")] = "bema,bema+",
    attacks: Annotated[str, typer.Option(help="Attacks, separated by commas; all of them if empty.")] = "",
    attackers: Annotated[int, typer.Option(min=1, help="The last so many regular parties attack.")] = 5,
    blocks: BlocksOption = 25,
    jobs: JobsOption = 2,
) -> None:
    """What colluding attackers cost who know everything public, without a data witness and with one.

    Example: bema experiment attacks --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    from bema_py.experiments.attack_study import attack_study  # noqa: PLC0415 - as above
    from bema_py.experiments.strategies.catalogue import STRATEGIES  # noqa: PLC0415

    settings = options.settings("attacks", cases, methods, blocks=blocks, every=blocks, jobs=jobs)
    chosen = names(attacks) or list(STRATEGIES)
    conduct(partial(attack_study, attacks=chosen, attackers=attackers), settings)


@study_command("witness")
def witness_command(options: StudyOptions, cases: CasesOption = "D,D0") -> None:
    """What the data witness (10b) refuses of honest samples and of bogus ones that pass eqs. 8 to 10.

    Example: bema experiment witness --dataset mnist --data-dir mnist --seeds 1,2 --tune
    """
    from bema_py.experiments.witness_study import witness_study  # noqa: PLC0415 - as above

    conduct(witness_study, options.settings("witness", cases, "bema", blocks=1, every=1))


@study_command("omega")
def omega_command(
    options: StudyOptions,
    cases: CasesOption = "C,D,D0",
    methods: MethodsOption = "bema",
    blocks: BlocksOption = 10,
    jobs: JobsOption = 2,
) -> None:
    """How far honest and malicious registrants deviate from a founder (eq. 2), and what that cannot tell.

    A founder measures on at most --scan records of its own. --methods and --blocks are of the runs that a backdoor goes
    through.

    Example: bema experiment omega --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    from bema_py.experiments.omega import omega  # noqa: PLC0415 - as above

    conduct(omega, options.settings("omega", cases, methods, blocks=blocks, every=blocks, jobs=jobs))


@study_command("ablation")
def ablation_command(
    options: StudyOptions,
    cases: CasesOption = "D",
    methods: MethodsOption = "bema,bema+",
    blocks: BlocksOption = 50,
    jobs: JobsOption = 2,
) -> None:
    """The paper's rules and BEMA+ as they are, and with one thing at a time changed.

    Example: bema experiment ablation --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    from bema_py.experiments.ablation import ablation  # noqa: PLC0415 - as above

    conduct(ablation, options.settings("ablation", cases, methods, blocks=blocks, every=blocks, jobs=jobs))


@study_command("theorems")
def theorems_command(
    options: StudyOptions,
    cases: CasesOption = "D-20",
    methods: MethodsOption = "bema-alpha-2-3",
    blocks: BlocksOption = 5,
    sets: Annotated[int, typer.Option(min=1, help="Random sets of scores of each kind.")] = 20000,
    jobs: JobsOption = 2,
) -> None:
    """The theorems' bounds over random, hostile and all small scores, and over the scores of a run.

    Example: bema experiment theorems --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    from bema_py.experiments.theorem_study import theorem_study  # noqa: PLC0415 - as above

    settings = options.settings("theorems", cases, methods, blocks=blocks, every=blocks, jobs=jobs)
    conduct(partial(theorem_study, sets=sets), settings)


def conduct(study: "Callable[[StudySettings, Done], object]", settings: "StudySettings") -> None:
    """Conduct a study under progress bars and say where its results lie."""
    with progress() as bars:
        tasks: dict[str, Any] = {}

        def done(stage: str, count: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=count)

        study(settings, done)
    console.print(settings.path("md").read_text(), markup=False, soft_wrap=True)
    written = ", ".join(map(str, sorted(settings.out.glob(settings.path("*").name))))
    console.print(f"written: {written}", markup=False, soft_wrap=True)


def names(text: str) -> list[str]:
    """Cut a list at its commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def integers(text: str) -> list[int]:
    """Read a list of integers; raises InputError."""
    try:
        return [int(part) for part in names(text)]
    except ValueError:
        raise InputError(f"seeds are {text!r}, integers separated by commas are needed") from None
