"""Audits the blocks of a history on as many processes as the auditor gives, and tells of them in their order."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext

from bema_py.learning.parallel import threads_allowed
from bema_py.roles.audit_workers import found_by_workers
from bema_py.roles.chain_walk import AuditWork, BlockOutcome, Found, by_height
from bema_py.roles.freed_memory import sparing_what_lasts
from bema_py.roles.history import History

Outcomes = Generator[BlockOutcome | None, None, None]


@contextmanager
def auditing(work: AuditWork, history: History, jobs: int | None) -> Iterator[Outcomes]:
    """Give how the subjects of a history come out, in their order, whatever the number of processes.

    `jobs` processes of one thread each, which begin at once and end with the context; None is this process with all the
    threads it may use, and it begins when it is asked.
    """
    order = by_height(history)
    if jobs is not None and min(jobs, len(order)) > 1:
        with found_by_workers(work, order, min(jobs, len(order))) as found:
            yield in_turn(found)
        return
    with closing(_found_here(work, order, jobs)) as found:
        yield in_turn(found)


def _found_here(work: AuditWork, order: Iterable[int], jobs: int | None) -> Generator[Found, None, None]:
    walk = work.walk()
    with sparing_what_lasts(), nullcontext() if jobs is None else threads_allowed(1):
        for subject in order:
            yield subject, walk.audit(subject)


def in_turn(found: Iterator[Found]) -> Outcomes:
    """Yield outcomes by their subjects' numbers, in whatever order they are found."""
    waiting: dict[int, BlockOutcome | None] = {}
    wanted = 0
    for subject, outcome in found:
        waiting[subject] = outcome
        while wanted in waiting:
            yield waiting.pop(wanted)
            wanted += 1
