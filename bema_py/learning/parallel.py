"""Independent pieces of work on as many threads as torch may use.

Small tensor operations gain little from threads of their own, and lose much where other work shares the
cores: whole chunks run side by side instead, each with single-threaded operations.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")


def run_all(
    tasks: Sequence[Callable[[], Result]], *, on_result: Callable[[Result], None] | None = None
) -> list[Result]:
    """Run tasks that do not depend on each other and give their results in their order.

    `on_result` hears of each result in that order, in the caller's thread. The first error, from a task or from
    `on_result`, is raised, and what had not started is dropped.
    """
    threads = min(threads_used(), len(tasks))
    if threads <= 1:
        return [heard(task(), on_result) for task in tasks]
    with single_threaded_operations(), ThreadPoolExecutor(threads) as executor:
        try:
            futures = [executor.submit(task) for task in tasks]
            return [heard(future.result(), on_result) for future in futures]
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise


def heard(result: Result, on_result: Callable[[Result], None] | None) -> Result:
    """Pass a result on after telling of it."""
    if on_result is not None:
        on_result(result)
    return result


def threads_used() -> int:
    """Give how many threads torch, and with it `run_all`, uses in this process."""
    import torch  # noqa: PLC0415 - only for those who compute

    return torch.get_num_threads()


def use_threads(count: int) -> None:
    """Set how many threads this process uses, where several processes share the cores."""
    import torch  # noqa: PLC0415 - as above

    torch.set_num_threads(count)


@contextmanager
def threads_allowed(count: int) -> Iterator[None]:
    """Use so many threads while the context lasts."""
    threads = threads_used()
    use_threads(count)
    try:
        yield
    finally:
        use_threads(threads)


@contextmanager
def single_threaded_operations() -> Iterator[None]:
    """Let torch use one thread for each operation while the context lasts."""
    with threads_allowed(1):
        yield
