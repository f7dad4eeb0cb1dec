"""`bema experiment omega`."""

from bema_py.cli.studies.options import (
    BlocksOption,
    CasesOption,
    JobsOption,
    MethodsOption,
    StudyOptions,
    conduct,
    study,
)
from bema_py.experiments.omega import omega


@study
def command(
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
    conduct(omega, options.settings("omega", cases, methods, blocks=blocks, every=blocks, jobs=jobs))
