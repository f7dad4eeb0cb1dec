"""What the commands of the studies share: their options, and how a study is conducted."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from bema_py.cli.output import console, progress
from bema_py.core.errors import InputError
from bema_py.experiments.plans import Source
from bema_py.experiments.setups import Budget, setup_of
from bema_py.experiments.studies import StudySettings
from bema_py.experiments.workers import Done

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
    plain: Annotated[
        bool, typer.Option("--plain", help="Train local models on records as they are, without distortions.")
    ] = False
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
    accept: Annotated[
        str,
        typer.Option(
            help="Other code whose finished runs will do, by the digests its pages state, separated by commas; "
            "none: runs from before they were noted."
        ),
    ] = ""

    def settings(
        self, name: str, cases: str, methods: str, *, blocks: int, every: int, jobs: int = 1
    ) -> StudySettings:
        """Read the options, with those that not every study has; `every` is the blocks between evaluations."""
        setup = setup_of(self.dataset)
        if self.plain:
            setup = setup.without_distortions()
        if self.steps:
            setup = replace(setup, recipe=replace(setup.recipe, steps=self.steps))
        return StudySettings(
            name=name,
            source=Source(self.dataset, self.data_dir, self.tune),
            setup=setup,
            budget=Budget(blocks, scan=self.scan, evaluate_every=every),
            seeds=tuple(integers("seeds", self.seeds)),
            cases=tuple(names(cases)),
            methods=tuple(names(methods)),
            cache=self.cache,
            out=self.out,
            jobs=jobs,
            accepted=tuple("" if code == "none" else code for code in names(self.accept)),
        )


def study(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command StudyOptions, its first parameter, as options beside those of its own."""
    shared = signature(StudyOptions).parameters
    _, *own = signature(function).parameters.values()

    @wraps(function)
    def command(**given: Any) -> None:
        function(StudyOptions(**{option: given.pop(option) for option in shared}), **given)

    # Typer reads the options off the signature.
    command.__signature__ = Signature([*shared.values(), *own])  # type: ignore[attr-defined]
    return command


def conduct(study: Callable[[StudySettings, Done], object], settings: StudySettings) -> None:
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


def integers(name: str, text: str) -> list[int]:
    """Read a list of integers; raises InputError."""
    try:
        return [int(part) for part in names(text)]
    except ValueError:
        raise InputError(f"{name} are {text!r}, integers separated by commas are needed") from None
