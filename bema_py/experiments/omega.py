"""Equation 2 at registration: what a founder's deviation tells of honest and malicious models, and what it cannot."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bema_py.core.errors import InputError
from bema_py.experiments.omega_page import page
from bema_py.experiments.omega_plot import draw_omega
from bema_py.experiments.omega_rates import summary_of, thresholds_of, trigger_means
from bema_py.experiments.omega_units import OmegaUnit, is_measured, omega_unit
from bema_py.experiments.studies import StudySettings, write_results
from bema_py.experiments.workers import Done, finish, local_training
from bema_py.learning.cases import CASES
from bema_py.learning.parties import TrainingJob


class NoRegistrantError(InputError):
    """A case in which every party is a founder, so that nobody registers."""

    def __init__(self, case: str) -> None:
        """Keep the case."""
        self.case = case
        super().__init__(f"case {case} has no regular party: its founders have nobody to validate")


def omega(settings: StudySettings, done: Done) -> dict[str, Any]:
    """Measure every case and seed and write omega.json, .md, .png and .svg; returns what the JSON file holds.

    Raises NoRegistrantError.
    """
    for case in settings.cases:
        if all(party.original for party in CASES[case].parties):
            raise NoRegistrantError(case)
    units = list(units_of(settings))
    found = finish(
        omega_unit,
        units,
        is_measured,
        training_of,
        directory=settings.cache,
        jobs=settings.jobs,
        done=done,
        stage="cases and seeds",
    )
    results = laid_out(settings, found)
    write_results(settings, results, page(settings, results, found))
    draw_omega(results, settings.path("png"))
    return results


def units_of(settings: StudySettings) -> Iterator[OmegaUnit]:
    """Yield one unit for each case and seed."""
    for case in settings.cases:
        by_method = [settings.plans(case, method, 0) for method in settings.methods]
        yield from (OmegaUnit(plans) for plans in zip(*by_method, strict=True))


def training_of(units: Sequence[OmegaUnit]) -> Iterator[TrainingJob]:
    """Yield the local training of honest and malicious models."""
    yield from local_training([unit.plans[0] for unit in units])
    yield from (job for unit in units for job in unit.jobs())


def laid_out(settings: StudySettings, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Choose every case's thresholds on the first seed and rate them on the others."""
    measurements = [row for unit in found for row in unit["measurements"]]
    thresholds = [thresholds_of(case, measurements, settings.seeds) for case in settings.cases]
    return {
        "thresholds": thresholds,
        "summary": [row for chosen in thresholds for row in summary_of(measurements, chosen)],
        "triggers": trigger_means([row for unit in found for row in unit["triggers"]]),
        "measurements": measurements,
    }
