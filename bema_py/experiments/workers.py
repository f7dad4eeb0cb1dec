"""Runs on worker processes, each local model trained first and only once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from bema_py.core.errors import InputError
from bema_py.experiments.local_models import local_model, model_path, seconds_path
from bema_py.experiments.methods import method_of
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.records import RunRecord, kept_record
from bema_py.experiments.runs import centralised_job, open_case, run
from bema_py.experiments.world import training_jobs
from bema_py.learning.parallel import use_threads
from bema_py.learning.parties import TrainingJob
from bema_py.roles.child_process import begin_worker

MAX_JOBS = 2
_THREADS = 1
"""A worker's share of the cores: the workers, not their operations, run side by side."""

Done = Callable[[str, int, int], None]
"""Called with (stage, units done, units in all)."""
Result = TypeVar("Result")
Unit = TypeVar("Unit")


class JobsError(InputError):
    """A number of worker processes that is not offered."""

    def __init__(self, jobs: int) -> None:
        """Keep the number asked for."""
        self.jobs = jobs
        super().__init__(f"jobs is {jobs}, 1 to {MAX_JOBS} are allowed")


def run_plans(plans: Sequence[RunPlan], directory: Path, jobs: int, done: Done) -> list[RunRecord]:
    """Give the records of these plans in their order; what was finished before is read.

    An interruption loses the models and runs that were under way, nothing else. Raises JobsError.
    """
    return finish(run, plans, kept_record, local_training, directory=directory, jobs=jobs, done=done)


def finish(
    task: Callable[..., Result],
    units: Sequence[Unit],
    kept: Callable[[Unit, Path], object],
    training: Callable[[Sequence[Unit]], Iterable[TrainingJob]],
    *,
    directory: Path,
    jobs: int,
    done: Done,
    stage: str = "runs",
) -> list[Result]:
    """Give what a study's units came to, in their order: read what is kept, train models for the rest and play it.

    task: plays a unit and keeps it in the directory, or reads what is kept. kept: gives something false for a unit that
    is still to be played. training: the local training that units begin with. stage: how `done` calls playing them.
    Raises JobsError.
    """
    left = [unit for unit in units if not kept(unit, directory)]
    train_missing(training(left), directory / "models", jobs, done)
    work(partial(task, directory=directory), left, jobs, partial(done, stage))
    return [task(unit, directory) for unit in units]


def train_missing(training: Iterable[TrainingJob], models: Path, jobs: int, done: Done) -> None:
    """Do the local training that nobody did yet, each model once; raises JobsError."""
    wanted = {model_path(job, models): job for job in training}
    missing = [job for path, job in wanted.items() if not path.exists()]
    work(partial(local_model, directory=models), missing, jobs, partial(done, "local models"))


def training_seconds(plans: Sequence[RunPlan], directory: Path) -> float:
    """Give the processor time that went into the local models of these runs, each counted once."""
    models = dict.fromkeys(model_path(job, directory / "models") for job in local_training(plans))
    kept = (seconds_path(path) for path in models)
    return sum(float(path.read_text()) for path in kept if path.exists())


def local_training(plans: Sequence[RunPlan]) -> Iterator[TrainingJob]:
    """Yield the local training that these runs begin with; runs of one world share it."""
    worlds = {(plan.case, plan.seed, method_of(plan.method).calibration): plan for plan in plans}
    for plan in worlds.values():
        yield from training_of(plan)


def training_of(plan: RunPlan) -> list[TrainingJob]:
    """Give the local training that a run begins with."""
    calibration = method_of(plan.method).calibration
    if calibration == "fedavg":
        return []
    if calibration == "none":
        return [centralised_job(plan)]
    return training_jobs(open_case(plan), plan.seed, plan.setup.recipe)


def work(
    task: Callable[..., Result], units: Sequence[object], jobs: int, done: Callable[[int, int], None]
) -> None:
    """Apply a task to every unit, on so many processes; the first error ends the work. Raises JobsError."""
    if not 1 <= jobs <= MAX_JOBS:
        raise JobsError(jobs)
    done(0, len(units))
    for count, _ in enumerate(finished(task, units, jobs), 1):
        done(count, len(units))


def finished(task: Callable[..., Result], units: Sequence[object], jobs: int) -> Iterator[Result]:
    """Yield results as they come."""
    if jobs == 1 or len(units) < 2:
        use_threads(_THREADS)
        yield from (task(unit) for unit in units)
        return
    # A forked child would inherit torch's thread pool in an unknown state.
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=begin_worker, initargs=(_THREADS,)) as pool:
        futures = [pool.submit(task, unit) for unit in units]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
