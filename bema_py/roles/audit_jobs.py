"""Audits the blocks of a history side by side, on as many processes as the auditor gives."""

import signal
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import Event
from bema_py.core.errors import BemaError
from bema_py.learning.parallel import threads_allowed
from bema_py.roles.block_audit import Evidence
from bema_py.roles.chain_walk import BlockOutcome, ChainWalk
from bema_py.roles.child_process import begin_worker
from bema_py.roles.content import ModelCache, load_rules
from bema_py.roles.kept_blocks import KeptBlocks
from bema_py.roles.replay import replay
from bema_py.storage.content_store import ContentStore

Outcomes = Generator[BlockOutcome | None, None, None]


class WorkerError(BemaError):
    """A worker process came to its end, or to an error; most errors cannot travel between processes themselves."""


@dataclass(frozen=True)
class AuditWork:
    """What a process needs to audit blocks by itself: plain data, and a store that reads by itself."""

    deployment: Deployment
    events: Sequence[Event]
    store: ContentStore
    heights: frozenset[int]
    resume: Path | None

    def walk(self) -> ChainWalk:
        """Replay the events and open what the audit kept."""
        evidence = Evidence(
            self.deployment,
            replay(self.events),
            load_rules(self.store, self.deployment.rules_digest),
            self.store,
            ModelCache(self.store),
            KeptBlocks(self.resume) if self.resume else None,
        )
        return ChainWalk(evidence, self.heights)


def outcomes(work: AuditWork, subjects: int, jobs: int | None) -> Outcomes:
    """Yield how the subjects of a history came out, in their order, whatever the number of processes.

    `jobs` processes of one thread each; None is this process with all the threads it may use.
    """
    if jobs is not None and min(jobs, subjects) > 1:
        yield from _on_processes(work, subjects, min(jobs, subjects))
        return
    walk = work.walk()
    if jobs is None:
        yield from map(walk.audit, range(subjects))
        return
    with threads_allowed(1):
        yield from map(walk.audit, range(subjects))


def _on_processes(work: AuditWork, subjects: int, jobs: int) -> Outcomes:
    workers = [_begin(work) for _ in range(jobs)]
    try:
        yield from _in_order(workers, subjects)
    finally:
        # Nobody waits for blocks half recomputed; what is finished is kept already.
        for worker in workers:
            worker.process.terminate()
            worker.pipe.close()
        for worker in workers:
            worker.process.join()


@dataclass(frozen=True, eq=False)
class _Worker:
    """A process, and the one pipe that leads to it.

    Nobody else writes into the pipe, so a process that ends in the middle of an answer is noticed and blocks nobody;
    the queues of a process pool are shared, and a worker that is ended while it holds one stops all others for ever.
    """

    process: BaseProcess
    pipe: "Connection[int, BlockOutcome | WorkerError | None]"

    def answer(self) -> BlockOutcome | WorkerError | None:
        """Give what the worker found; raises WorkerError where it ended instead."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerError(
                "a worker process ended before its block was done; perhaps it lacked memory, fewer jobs need less"
            ) from error


def _in_order(workers: Sequence[_Worker], subjects: int) -> Outcomes:
    """Hand out the subjects one by one, and yield the outcomes in their order."""
    left = iter(range(subjects))
    idle, busy = list(workers), dict[_Worker, int]()
    done: dict[int, BlockOutcome | WorkerError | None] = {}
    for wanted in range(subjects):
        while wanted not in done:
            for worker, subject in zip(idle, left, strict=False):
                worker.pipe.send(subject)
                busy[worker] = subject
            answering = wait([worker.pipe for worker in busy])
            idle = [worker for worker in busy if worker.pipe in answering]
            for worker in idle:
                done[busy.pop(worker)] = worker.answer()
        outcome = done.pop(wanted)
        if isinstance(outcome, WorkerError):
            raise outcome
        yield outcome


def _begin(work: AuditWork) -> _Worker:
    """Start a worker. A forked one would inherit torch's thread pool in an unknown state."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(work, there), daemon=True)
    process.start()
    # The last copy of that end is now the worker's, so its end is the end of the pipe.
    there.close()
    return _Worker(process, here)


def _serve(work: AuditWork, pipe: "Connection[BlockOutcome | WorkerError | None, int]") -> None:
    """Be a worker: leave interrupts to the parent, do not outlive it, and audit what it asks for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    begin_worker(threads=1)
    walk = work.walk()
    with suppress(EOFError, OSError):
        while True:
            subject = pipe.recv()
            try:
                outcome: BlockOutcome | WorkerError | None = walk.audit(subject)
            except BemaError as error:
                outcome = WorkerError(str(error))
            pipe.send(outcome)
