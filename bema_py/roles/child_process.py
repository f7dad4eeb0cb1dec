"""A process that works for another one and does not outlive it."""

import os
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread

from bema_py.learning.parallel import use_threads


def begin_worker(threads: int) -> None:
    """Be a worker of so many threads, that ends at once when the process that started it does, even by a kill."""
    Thread(target=_end_with_parent, daemon=True).start()
    use_threads(threads)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
