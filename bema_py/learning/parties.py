"""Training several models side by side, with the results of one at a time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np

from bema_py.learning.cases import CaseParty
from bema_py.learning.datasets import Dataset
from bema_py.learning.kinds import find_kind
from bema_py.learning.model import Model
from bema_py.learning.parallel import single_threaded_operations
from bema_py.learning.recipe import Recipe

JobProgress = Callable[[int, int, int], None]
"""Called from any thread with (number of the job, steps done, steps in all); may raise to stop."""


class _Stopped(Exception):  # noqa: N818 - a signal between threads, never seen by a caller
    pass


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One model to train: a party of a case, the public samples if any, a seed and a recipe."""

    party: CaseParty
    public: Dataset | None
    seed: int
    recipe: Recipe

    def run(self, progress: Callable[[int, int], None] | None = None) -> Model:
        """Train the model."""
        from bema_py.learning.training import train_local  # noqa: PLC0415 - loads torch

        kind = find_kind(self.party.architecture)
        return train_local(
            kind.build(len(self.party.label_space) + 1, self.party.private.shape),
            self.party.label_space,
            self.party.private,
            self.public,
            self.seed,
            self.recipe,
            loss=kind.loss,
            progress=progress,
        )


@dataclass(frozen=True, slots=True)
class _Reporter:
    """Passes a job's progress on, and ends it once another one failed or the user interrupted."""

    number: int
    stop: Event
    progress: JobProgress | None

    def __call__(self, done: int, total: int) -> None:
        if self.stop.is_set():
            raise _Stopped
        if self.progress is not None:
            self.progress(self.number, done, total)


def train_all(
    jobs: Sequence[TrainingJob], *, workers: int = 2, progress: JobProgress | None = None
) -> Iterator[Model]:
    """Yield the models in the order of the jobs; neither `workers` nor the machine's load changes them.

    An error or an interruption stops every worker at its next step.
    """
    stop = Event()

    def train(number: int, job: TrainingJob) -> Model:
        try:
            return job.run(_Reporter(number, stop, progress))
        except BaseException:
            # Set here, not where the result is awaited: this thread may take up the next job before anyone looks.
            stop.set()
            raise

    with single_threaded_operations(), ThreadPoolExecutor(workers) as executor:
        futures = [executor.submit(train, number, job) for number, job in enumerate(jobs)]
        try:
            for future in futures:
                yield future.result()
        except _Stopped:
            raise _first_error(futures) from None
        finally:
            stop.set()
            executor.shutdown(cancel_futures=True)


def _first_error(futures: Sequence[Future[Model]]) -> BaseException:
    """Find the error that made the other jobs stop."""
    done = (future.exception() for future in futures if future.done())
    return next(error for error in done if error is not None and not isinstance(error, _Stopped))


def party_seed(seed: int, party: int) -> int:
    """Derive a party's training seed, unlike that of every other party and run."""
    return int(np.random.SeedSequence((seed, party)).generate_state(1, np.uint64)[0] >> np.uint64(1))
