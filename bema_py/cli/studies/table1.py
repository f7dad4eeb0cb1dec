"""`bema experiment table1`."""

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
    integers,
    study,
)
from bema_py.experiments.table1 import table1


@study
def command(
    options: StudyOptions,
    cases: CasesOption = "D,D-20,D-50",
    methods: MethodsOption = "hmr,bema,bema+",
    bogus: Annotated[
        str, typer.Option(help="Bogus messages in per cent, separated by commas.")
    ] = "0,10,20,50",
    blocks: BlocksOption = 50,
    jobs: JobsOption = 2,
) -> None:
    """Accuracy of 10, 20 and 50 parties under 0, 10, 20 and 50 % bogus messages (Table I).

    Example: bema experiment table1 --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    settings = options.settings("table1", cases, methods, blocks=blocks, every=blocks, jobs=jobs)
    conduct(partial(table1, percentages=integers("bogus", bogus)), settings)
