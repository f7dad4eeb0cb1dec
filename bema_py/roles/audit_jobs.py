"""Audits the blocks of a history side by side, on as many processes as the auditor gives."""

import os
import signal
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import Event
from bema_py.core.errors import BemaError
from bema_py.learning.parallel import threads_allowed, use_threads
from bema_py.roles.block_audit import Evidence
from bema_py.roles.chain_walk import BlockOutcome, ChainWalk
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
    strangers = {process.pid for process in active_children()}
    # A forked child would inherit torch's thread pool in an unknown state.
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_begin, initargs=(work,)) as pool:
        try:
            futures = [pool.submit(_audit, number) for number in range(subjects)]
            for future in futures:
                yield future.result()
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process ended before its block was done; perhaps it lacked memory, fewer jobs need less"
            ) from error
        except BaseException:
            # Nobody waits for blocks half recomputed; what is finished is kept already.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                if process.pid not in strangers:
                    process.terminate()
            raise


_walks: list[ChainWalk] = []
"""A worker process's own view of the history, made once."""


def _begin(work: AuditWork) -> None:
    """Make a worker ready: it leaves interrupts to its parent and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    use_threads(1)
    _walks.append(work.walk())


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _audit(number: int) -> BlockOutcome | None:
    try:
        return _walks[0].audit(number)
    except BemaError as error:
        raise WorkerError(str(error)) from None
