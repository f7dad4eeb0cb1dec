"""`bema experiment table1`."""

from bema_py.cli.studies.options import (
    BlocksOption,
    CasesOption,
    JobsOption,
    MethodsOption,
    StudyOptions,
    conduct,
    study,
)
from bema_py.experiments.table1 import table1


@study
def command(
    options: StudyOptions,
    cases: CasesOption = "D,D-20,D-50",
    methods: MethodsOption = "hmr,bema,bema+",
    blocks: BlocksOption = 50,
    jobs: JobsOption = 2,
) -> None:
    """Accuracy of 10, 20 and 50 parties under 0, 10, 20 and 50 % bogus messages (Table I).

    Example: bema experiment table1 --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    conduct(table1, options.settings("table1", cases, methods, blocks=blocks, every=blocks, jobs=jobs))
