"""`bema experiment fig6`."""

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
from bema_py.experiments.fig6 import fig6


@study
def command(
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
    conduct(fig6, options.settings("fig6", cases, methods, blocks=blocks, every=every, jobs=jobs))
