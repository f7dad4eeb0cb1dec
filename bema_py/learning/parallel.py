"""Independent pieces of work on as many threads as torch may use.

Small tensor operations gain little from threads of their own, and lose much where other work shares the
cores: whole chunks run side by side instead, each with single-threaded operations.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Result = TypeVar("Result")


def run_all(tasks: Sequence[Callable[[], Result]]) -> Iterator[Result]:
    """Yield the results of the tasks in their order; tasks must not depend on each other.

    The first error ends the iteration, and what had not started is dropped.
    """
    threads = min(torch.get_num_threads(), len(tasks))
    if threads <= 1:
        for task in tasks:
            yield task()
        return
    with single_threaded_operations(), ThreadPoolExecutor(threads) as executor:
        yield from executor.map(lambda task: task(), tasks)


@contextmanager
def single_threaded_operations() -> Iterator[None]:
    """Let torch use one thread for each operation while the context lasts."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
