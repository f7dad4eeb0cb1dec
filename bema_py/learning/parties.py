"""Training all parties of a case, two at a time on two cores, with the result of one at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np

from bema_py.core.architecture import ARCHITECTURES
from bema_py.learning.cases import CaseParty, DataCase
from bema_py.learning.datasets import Dataset
from bema_py.learning.model import Model
from bema_py.learning.parallel import single_threaded_operations
from bema_py.learning.training import Recipe, train_local

PartyProgress = Callable[[int, int, int], None]
"""Called from any thread with (party, steps done, steps in all); may raise to stop."""


class _Stopped(Exception):  # noqa: N818 - a signal between threads, never seen by a caller
    pass


@dataclass(frozen=True, slots=True)
class _Reporter:
    """Passes a party's progress on, and ends its training once another one failed or the user interrupted."""

    party: int
    stop: Event
    progress: PartyProgress | None

    def __call__(self, done: int, total: int) -> None:
        if self.stop.is_set():
            raise _Stopped
        if self.progress is not None:
            self.progress(self.party, done, total)


def train_parties(
    case: DataCase, seed: int, recipe: Recipe, *, workers: int = 2, progress: PartyProgress | None = None
) -> tuple[Model, ...]:
    """Train every party of a case; neither `workers` nor the load of the machine changes the models."""
    stop = Event()
    with single_threaded_operations(), ThreadPoolExecutor(workers) as executor:
        futures = [
            executor.submit(
                train_party,
                party,
                case.public,
                party_seed(seed, number),
                recipe,
                progress=_Reporter(number, stop, progress),
            )
            for number, party in enumerate(case.parties)
        ]
        try:
            return tuple(future.result() for future in futures)
        except BaseException:
            stop.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def train_party(
    party: CaseParty,
    public: Dataset | None,
    seed: int,
    recipe: Recipe,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Model:
    """Train the model of one party of a case."""
    architecture = ARCHITECTURES[party.architecture](len(party.label_space) + 1)
    return train_local(
        architecture, party.label_space, party.private, public, seed, recipe, progress=progress
    )


def party_seed(seed: int, party: int) -> int:
    """Derive a party's training seed, unlike that of every other party and run."""
    return int(np.random.SeedSequence((seed, party)).generate_state(1, np.uint64)[0] >> np.uint64(1))
