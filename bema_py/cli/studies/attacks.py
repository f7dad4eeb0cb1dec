"""`bema experiment attacks`."""

from functools import partial
from typing import Annotated

import typer

from bema_py.cli.studies.options import (
    BlocksOption,
    CasesOption,
    JobsOption,
    StudyOptions,
    conduct,
    names,
    study,
)
from bema_py.experiments.attack_study import attack_study
from bema_py.experiments.strategies.catalogue import STRATEGIES


@study
def command(
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
    settings = options.settings("attacks", cases, methods, blocks=blocks, every=blocks, jobs=jobs)
    chosen = names(attacks) or list(STRATEGIES)
    conduct(partial(attack_study, attacks=chosen, attackers=attackers), settings)
