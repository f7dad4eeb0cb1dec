"""A study that is ended takes its worker processes with it; this needs real processes."""

import signal
import subprocess
import sys
import time

import psutil

PROGRAM = (
    "import time; from bema_py.experiments.workers import finished; list(finished(time.sleep, [300, 300], 2))"
)


def workers_of(study: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Wait until the study has two workers, besides multiprocessing's tracker of resources."""
    for _ in range(2400):
        children = psutil.Process(study.pid).children()
        workers = [child for child in children if any("spawn_main" in word for word in child.cmdline())]
        if len(workers) == 2:
            return workers
        assert study.poll() is None
        time.sleep(0.05)
    raise AssertionError("no workers within two minutes")


def test_no_worker_outlives_its_study():
    with subprocess.Popen([sys.executable, "-c", PROGRAM]) as study:
        workers = workers_of(study)
        study.terminate()
        assert study.wait(60) == -signal.SIGTERM
    _, alive = psutil.wait_procs(workers, timeout=60)
    for worker in alive:
        worker.kill()
    assert not alive
