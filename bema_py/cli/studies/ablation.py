"""`bema experiment ablation`."""

from bema_py.cli.studies.options import (
    BlocksOption,
    CasesOption,
    JobsOption,
    MethodsOption,
    StudyOptions,
    conduct,
    study,
)
from bema_py.experiments.ablation import ablation


@study
def command(
    options: StudyOptions,
    cases: CasesOption = "D",
    methods: MethodsOption = "bema,bema+",
    blocks: BlocksOption = 50,
    jobs: JobsOption = 2,
) -> None:
    """The paper's rules and BEMA+ as they are, and with one thing at a time changed.

    Example: bema experiment ablation --dataset mnist --data-dir mnist --seeds 1,2,3
    """
    conduct(ablation, options.settings("ablation", cases, methods, blocks=blocks, every=blocks, jobs=jobs))
