"""`bema experiment`: the paper's figures and tables, each one command."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bema_py.cli.output import console, progress
from bema_py.core.errors import InputError

if TYPE_CHECKING:
    from bema_py.experiments.studies import StudySettings
    from bema_py.experiments.workers import Done

app = typer.Typer(no_args_is_help=True)

DatasetOption = Annotated[str, typer.Option(help="digits (embedded) or mnist.")]
DataDirOption = Annotated[
    str, typer.Option(help="Directory of MNIST's IDX files; without it they are downloaded.")
]
SeedsOption = Annotated[str, typer.Option(help="One run for each, separated by commas.")]
BlocksOption = Annotated[int, typer.Option(help="Blocks a run, 1 to 50.")]
ScanOption = Annotated[int, typer.Option(help="Records that all parties look through for a block.")]
StepsOption = Annotated[int, typer.Option(help="Batches of a local training; 0 for the data set's number.")]
CasesOption = Annotated[str, typer.Option(help="Cases, separated by commas.")]
MethodsOption = Annotated[str, typer.Option(help="Methods, separated by commas.")]
JobsOption = Annotated[int, typer.Option(help="Worker processes, 1 or 2.")]
TuneOption = Annotated[
    bool, typer.Option("--tune", help="Evaluate on held-out training samples in place of the test set.")
]
OutOption = Annotated[Path, typer.Option(help="Directory of the results.")]
CacheOption = Annotated[
    Path,
    typer.Option(help="Directory of local models and finished runs; what it holds is not computed again."),
]


@app.command("fig6")
def fig6_command(
    dataset: DatasetOption = "digits",
    data_dir: DataDirOption = "",
    seeds: SeedsOption = "1",
    blocks: BlocksOption = 50,
    every: Annotated[int, typer.Option(help="Blocks between two evaluations.")] = 5,
    scan: ScanOption = 3000,
    steps: StepsOption = 0,
    cases: CasesOption = "A,B,C,D",
    methods: MethodsOption = "hmr,hmr-refit,bema,bema+,fedavg,centralised",
    jobs: JobsOption = 2,
    tune: TuneOption = False,
    out: OutOption = Path("docs/results"),
    cache: CacheOption = Path("runs/experiments"),
) -> None:
    """Accuracy block by block in cases A to D, with HMR, FedAvg and a centralised model (Figure 6).

    Example: bema experiment fig6 --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    # Only this command should wait for torch and matplotlib.
    from bema_py.experiments.fig6 import fig6  # noqa: PLC0415

    settings = study_settings(
        "fig6", dataset, data_dir, seeds, cases, methods, (blocks, scan, every), steps, tune
    )
    conduct(fig6, replace(settings, jobs=jobs, out=out, cache=cache))


@app.command("table1")
def table1_command(
    dataset: DatasetOption = "digits",
    data_dir: DataDirOption = "",
    seeds: SeedsOption = "1",
    blocks: BlocksOption = 50,
    scan: ScanOption = 3000,
    steps: StepsOption = 0,
    cases: CasesOption = "D,D-20,D-50",
    methods: MethodsOption = "hmr,bema,bema+",
    jobs: JobsOption = 2,
    tune: TuneOption = False,
    out: OutOption = Path("docs/results"),
    cache: CacheOption = Path("runs/experiments"),
) -> None:
    """Accuracy of 10, 20 and 50 parties under 0, 10, 20 and 50 % bogus messages (Table I).

    Example: bema experiment table1 --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    from bema_py.experiments.table1 import table1  # noqa: PLC0415 - as above

    settings = study_settings(
        "table1", dataset, data_dir, seeds, cases, methods, (blocks, scan, blocks), steps, tune
    )
    conduct(table1, replace(settings, jobs=jobs, out=out, cache=cache))


@app.command("witness")
def witness_command(
    dataset: DatasetOption = "digits",
    data_dir: DataDirOption = "",
    seeds: SeedsOption = "1",
    scan: ScanOption = 3000,
    steps: StepsOption = 0,
    cases: CasesOption = "D,D0",
    tune: TuneOption = False,
    out: OutOption = Path("docs/results"),
    cache: CacheOption = Path("runs/experiments"),
) -> None:
    """What the data witness (10b) refuses of honest samples and of bogus ones that pass eqs. 8 to 10.

    Example: bema experiment witness --dataset mnist --data-dir mnist --seeds 1,2 --tune
    """
    from bema_py.experiments.witness_study import witness_study  # noqa: PLC0415 - as above

    settings = study_settings("witness", dataset, data_dir, seeds, cases, "bema", (1, scan, 1), steps, tune)
    conduct(witness_study, replace(settings, out=out, cache=cache))


def study_settings(
    name: str,
    dataset: str,
    data_dir: str,
    seeds: str,
    cases: str,
    methods: str,
    budget: tuple[int, int, int],
    steps: int,
    tune: bool,
) -> "StudySettings":
    """Read the options that all studies have; budget is (blocks, scan, blocks between evaluations)."""
    from bema_py.experiments.plans import Source  # noqa: PLC0415 - as above
    from bema_py.experiments.setups import Budget, setup_of  # noqa: PLC0415
    from bema_py.experiments.studies import StudySettings  # noqa: PLC0415

    blocks, scan, every = budget
    setup = setup_of(dataset)
    if steps:
        setup = replace(setup, recipe=replace(setup.recipe, steps=steps))
    return StudySettings(
        name=name,
        source=Source(dataset, data_dir, tune),
        setup=setup,
        budget=Budget(blocks, scan=scan, evaluate_every=every),
        seeds=tuple(integers(seeds)),
        cases=tuple(names(cases)),
        methods=tuple(names(methods)),
        cache=Path(),
        out=Path(),
        jobs=1,
    )


def conduct(
    study: "Callable[[StudySettings, Done], list[dict[str, Any]]]", settings: "StudySettings"
) -> None:
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
