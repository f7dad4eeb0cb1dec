"""`bema experiment witness`."""

from bema_py.cli.studies.options import CasesOption, StudyOptions, conduct, study
from bema_py.experiments.witness_study import witness_study


@study
def command(options: StudyOptions, cases: CasesOption = "D,D0") -> None:
    """What the data witness (10b) refuses of honest samples and of bogus ones that pass eqs. 8 to 10.

    Example: bema experiment witness --dataset mnist --data-dir mnist --seeds 1,2 --tune
    """
    conduct(witness_study, options.settings("witness", cases, "bema", blocks=1, every=1))
