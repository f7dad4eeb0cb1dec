"""The loop goes on whatever fails, says what it waits for, and ends when it is asked to."""

import errno
import gc
import io
import json
import os
import signal
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bema_py.chain.errors import ChainUnreachableError, WrongChainError
from bema_py.chain.index_file import IndexStorageError
from bema_py.core.errors import InputError
from bema_py.node import loop
from bema_py.node.condition import STALE_AFTER, Health, LoopState
from bema_py.node.figures import Figures
from bema_py.node.log import Log
from bema_py.node.loop import LONGEST_PAUSE, BlockedError, Loop, Worker
from bema_py.node.stopping import StopRequested, StopSignal


class Scripted:
    """A worker that does what it is told, step after step."""

    def __init__(self, *script: Callable[[], str]) -> None:
        self.script = list(script)

    def step(self) -> str:
        return self.script.pop(0)()


def raising(error: Exception) -> Callable[[], str]:
    def act() -> str:
        raise error

    return act


class Bench:
    def __init__(self, build: Callable[[], Worker], stop: StopSignal | None = None) -> None:
        self.now = 0.0
        self.written = io.StringIO()
        self.health = Health("miner", lambda: self.now)
        self.figures = Figures()
        self.stop = stop or StopSignal()
        log = Log("miner", self.written, lambda: self.now)
        self.loop = Loop(build, self.health, self.figures, log, self.stop, poll=2.0)

    def events(self) -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in self.written.getvalue().splitlines()]
        return [(line["level"], line["event"]) for line in lines]


def test_it_waits_fails_recovers_and_logs_only_what_changed() -> None:
    down = ChainUnreachableError("http://x", "connection refused or lost")
    worker = Scripted(
        lambda: "a block",
        lambda: "a block",
        raising(down),
        raising(down),
        raising(down),
        raising(BlockedError("a person must look")),
        lambda: "a block",
    )
    bench = Bench(lambda: worker)
    pauses, faults = [], []
    for _ in range(7):
        bench.loop.once()
        pauses.append(bench.loop.pause())
        faults.append(bench.health.fault())
    assert pauses == [2.0, 2.0, 4.0, 8.0, 16.0, 16.0, 2.0]
    assert faults[:2] == [None, None] == [faults[6], None]
    assert "connection refused" in str(faults[2])
    assert faults[5] == "a person must look"
    assert bench.events() == [
        ("info", "waiting"),
        ("warning", "failed"),
        ("error", "blocked"),
        ("info", "waiting"),
    ]
    text = bench.figures.text().decode()
    assert 'bema_steps_total{outcome="failed"} 3.0' in text
    assert 'bema_loop_state{bema_loop_state="waiting"} 1.0' in text
    bench.loop.failures = 50
    assert bench.loop.pause() == LONGEST_PAUSE


def test_it_waits_for_a_chain_that_is_not_there_yet_but_not_for_a_wrong_one() -> None:
    tries: list[Exception] = [ChainUnreachableError("http://x", "no answer in time")]

    def build() -> Worker:
        if tries:
            raise tries.pop()
        return Scripted(lambda: "a block")

    bench = Bench(build)
    bench.loop.once()
    assert bench.health.condition().state is LoopState.FAILING
    bench.loop.once()
    assert bench.health.condition().detail == "a block"
    for fatal in (WrongChainError(1, 2), InputError("a bad profile")):
        with pytest.raises(type(fatal)):
            Bench(lambda error=fatal: raising(error)()).loop.once()  # type: ignore[misc]


def test_a_fault_of_the_program_is_not_waited_out() -> None:
    with pytest.raises(ZeroDivisionError):
        Bench(lambda: Scripted(lambda: str(1 // 0))).loop.once()


def test_it_ends_in_the_middle_of_long_work() -> None:
    bench: Bench

    def long_work() -> str:
        bench.stop.request()
        bench.stop.check()
        raise AssertionError("work went on")

    bench = Bench(lambda: Scripted(long_work))
    bench.loop.run()
    assert bench.events()[-1] == ("info", "stopped")
    with pytest.raises(StopRequested):
        bench.stop.check()


@pytest.mark.parametrize("where", ["step", "collection", "callback"])
def test_a_wait_that_does_not_look_is_broken_off_after_the_grace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    monkeypatch.setattr(loop, "LONG_STEP", 0.0)
    looked = []

    def long_wait(_reference: object = None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        looked.append(bench.stop.requested)
        time.sleep(60)
        raise AssertionError("the wait went on")

    def step() -> str:
        if where == "step":
            long_wait()
        if where == "callback":
            watched = Scripted()
            reference = weakref.ref(watched, long_wait)
            del watched
            assert reference() is None
        return "a block"

    if where == "collection":
        monkeypatch.setattr(loop, "give_back", long_wait)
    try:
        bench = Bench(lambda: Scripted(step), StopSignal(grace=0.2))
        bench.stop.listen()
        began = time.monotonic()
        bench.loop.run()
        assert time.monotonic() - began < 30
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert looked == [True]
    assert bench.events()[-1] == ("info", "stopped")
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_waited_out_and_named() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "votes/1.json")
    index = IndexStorageError(Path("events.sqlite"), "database or disk is full")
    worker = Scripted(raising(full), raising(index), lambda: "a block")
    bench = Bench(lambda: worker)
    bench.loop.once()
    assert "No space left on device: 'votes/1.json' (the disk is full or faulty" in str(bench.health.fault())
    bench.loop.once()
    assert "events.sqlite cannot be read or written" in str(bench.health.fault())
    bench.loop.once()
    assert bench.health.fault() is None

    tries: list[Exception] = [index]
    bench = Bench(lambda: raising(tries.pop())() if tries else Scripted(lambda: "a block"))  # type: ignore[arg-type,return-value]
    bench.loop.once()
    bench.loop.once()
    assert bench.health.condition().detail == "a block"


def test_a_log_on_a_full_disk_does_not_end_the_node() -> None:
    with Path("/dev/full").open("w") as stream:
        Log("miner", stream, lambda: 0.0).info("waiting")
        with pytest.raises(OSError, match="No space left"):
            stream.flush()
        with suppress(OSError):
            stream.close()


@pytest.mark.parametrize(("seconds", "collected"), [(0.0, True), (60.0, False)])
def test_what_a_long_step_left_in_cycles_is_collected(
    monkeypatch: pytest.MonkeyPatch, seconds: float, collected: bool
) -> None:
    """Errors with their frames hold a block's models until somebody looks for cycles."""
    monkeypatch.setattr(loop, "LONG_STEP", seconds)
    left: list[weakref.ref[Exception]] = []

    class OwnError(Exception):
        """Of a class of ours, so that it can be watched."""

    def leave() -> str:
        error = OwnError()
        error.args = (error,)
        left.append(weakref.ref(error))
        bench.stop.request()
        return "a block"

    bench = Bench(lambda: Scripted(leave))
    gc.disable()
    try:
        bench.loop.run()
        assert (left[0]() is None) is collected
    finally:
        gc.enable()


def test_long_silence_is_not_well() -> None:
    bench = Bench(lambda: Scripted(lambda: "a block"))
    bench.loop.once()
    bench.now = STALE_AFTER
    assert bench.health.fault() is None
    bench.now = STALE_AFTER + 1
    assert "no sign of progress for 301 s" in str(bench.health.fault())
    bench.health.beat()
    assert bench.health.fault() is None
