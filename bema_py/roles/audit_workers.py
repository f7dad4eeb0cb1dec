"""Processes that audit the blocks of a history side by side."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Thread

from bema_py.core.errors import BemaError
from bema_py.roles.chain_walk import AuditWork, Found
from bema_py.roles.child_process import begin_worker
from bema_py.roles.freed_memory import sparing_what_lasts

SHARE = 32
"""Subjects that a worker takes at once: it goes on from the models that it has just computed, and reads no others."""


class WorkerError(BemaError):
    """A worker process came to its end, or to an error; most errors cannot travel between processes themselves."""


Answer = Found | WorkerError


@dataclass(frozen=True, eq=False)
class _Worker:
    """A process, and the one pipe that leads to it.

    Nobody else writes into the pipe, so a process that ends in the middle of an answer is noticed and blocks nobody;
    the queues of a process pool are shared, and a worker that is ended while it holds one stops all others for ever.
    """

    process: BaseProcess
    pipe: "Connection[Sequence[int], Answer]"


@contextmanager
def found_by_workers(work: AuditWork, order: Sequence[int], jobs: int) -> Iterator[Iterator[Found]]:
    """Give what `jobs` processes find, as they find it; they begin at once, and end with the context.

    What they find is taken from them by a thread, so that none waits for a caller who does something else meanwhile.
    Raises WorkerError.
    """
    workers = [_begin(work) for _ in range(jobs)]
    found: SimpleQueue[Answer] = SimpleQueue()
    collecting = Thread(target=_collect, args=(workers, shares(order, jobs), found), daemon=True)
    collecting.start()
    try:
        yield _taken(found, len(order))
    finally:
        # Nobody waits for blocks half recomputed; what is finished is kept already.
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join()
        # Only now: a thread that waits for a pipe does not notice that its own end was closed.
        collecting.join()
        for worker in workers:
            worker.pipe.close()


def shares(order: Sequence[int], jobs: int) -> Iterator[Sequence[int]]:
    """Cut the subjects into runs for workers to take, the last ones short, so that all end at about one time."""
    start = 0
    while start < len(order):
        size = max(1, min(SHARE, (len(order) - start) // (2 * jobs)))
        yield order[start : start + size]
        start += size


def _collect(workers: Sequence[_Worker], left: Iterator[Sequence[int]], found: "SimpleQueue[Answer]") -> None:
    """Give every worker a share, and the next one when it is done; stop at the first that fails."""
    idle = [worker.pipe for worker in workers]
    busy: dict[Connection[Sequence[int], Answer], int] = {}
    try:
        with suppress(EOFError, OSError):
            while True:
                for pipe, share in zip(idle, left, strict=False):
                    pipe.send(share)
                    busy[pipe] = len(share)
                if not busy:
                    return
                ready = wait(list(busy))
                idle = []
                for pipe in [pipe for pipe in busy if pipe in ready]:
                    found.put(pipe.recv())
                    busy[pipe] -= 1
                    if not busy[pipe]:
                        del busy[pipe]
                        idle.append(pipe)
    finally:
        # Read only where something is still waited for.
        found.put(
            WorkerError(
                "a worker process ended before its block was done; perhaps it lacked memory, fewer jobs need less"
            )
        )


def _taken(found: "SimpleQueue[Answer]", count: int) -> Iterator[Found]:
    for _ in range(count):
        answer = found.get()
        if isinstance(answer, WorkerError):
            raise answer
        yield answer


def _begin(work: AuditWork) -> _Worker:
    """Start a worker. A forked one would inherit torch's thread pool in an unknown state."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(work, there), daemon=True)
    # Ctrl-C goes to all processes of a terminal; a worker leaves it to its parent from its first moment on. The tracker
    # that the first process of a program brings with it would let interrupts through again, so it comes before.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    # The last copy of that end is now the worker's, so its end is the end of the pipe.
    there.close()
    return _Worker(process, here)


def _serve(work: AuditWork, pipe: "Connection[Answer, Sequence[int]]") -> None:
    """Be a worker: do not outlive the parent, and audit what it asks for."""
    begin_worker(threads=1)
    walk = work.walk()
    with sparing_what_lasts(), suppress(EOFError, OSError):
        while True:
            for subject in pipe.recv():
                try:
                    answer: Answer = subject, walk.audit(subject)
                except BemaError as error:
                    answer = WorkerError(str(error))
                pipe.send(answer)
