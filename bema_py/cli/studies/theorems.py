"""`bema experiment theorems`."""

from functools import partial
from typing import Annotated

import typer

from bema_py.cli.studies.options import (
    BlocksOption,
    CasesOption,
    JobsOption,
    MethodsOption,
    StudyOptions,
    conduct,
    study,
)
from bema_py.experiments.theorem_study import theorem_study


@study
def command(
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
    settings = options.settings("theorems", cases, methods, blocks=blocks, every=blocks, jobs=jobs)
    conduct(partial(theorem_study, sets=sets), settings)
