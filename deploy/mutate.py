"""Changes the contracts one small step at a time, by slither-mutate's mutators, and sees whether a test fails.

    python -m deploy.mutate             judges what is new, writes docs/mutation.md and docs/results/mutation.json
    python -m deploy.mutate --fresh     judges everything again
    python -m deploy.mutate --survivors judges what survived by the written figures, and brings these up to date

Verdicts are kept in cache/mutation/verdicts.json by the digest of the changed file, so a run that was cut off goes on
and a changed file is judged anew. Survivors are judged again every time, since tests change. Slither needs other
versions of packages than the project has, so `make mutants` gives it an environment of its own.
"""

import argparse
import hashlib
import json
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Queue

from deploy.mutation_bench import Bench, Mutant, Verdict
from deploy.mutation_page import describe, survivors_written, update_results, write_results
from deploy.tools import ROOT, run

_FOLDER = ROOT / "cache" / "mutation"
_VERDICTS = _FOLDER / "verdicts.json"
_ANALYSIS = ROOT / "build" / "analysis" / "bin"
# The order is random, so that a run that was cut off has judged a fair sample.
_SEED = 20
_NEW = Verdict("new")


def main(arguments: list[str] | None = None) -> int:
    """Judge every mutant; the exit code is 1 where one survives that deploy/mutation.toml does not argue equivalent."""
    parser = argparse.ArgumentParser(description="Test the tests of the contracts by mutants.")
    parser.add_argument("--fresh", action="store_true", help="forget the verdicts of earlier runs")
    parser.add_argument("--workers", type=int, default=2, help="mutants judged at once")
    parser.add_argument(
        "--slither", type=Path, default=_ANALYSIS, help="folder of the python that has slither"
    )
    parser.add_argument(
        "--limit", type=int, help="judge only so many of those that are left, drawn at random"
    )
    parser.add_argument(
        "--only", default="", help="judge only files whose name holds this text; writes no page"
    )
    parser.add_argument(
        "--survivors",
        action="store_true",
        help="judge what survived by the written figures, after tests changed",
    )
    given = parser.parse_args(arguments)
    texts = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in _contracts()}
    mutants = {
        _digest(mutant, texts): mutant for mutant in list_mutants(given.slither) if given.only in mutant.file
    }
    if given.survivors:
        return judge_survivors(mutants, texts, given.workers)
    verdicts = {} if given.fresh else _load()
    left = _open(mutants, verdicts)[: given.limit]
    judge_all({digest: mutants[digest] for digest in left}, verdicts, given.workers)
    if given.only:
        return 0
    judged = [(mutant, verdicts[digest]) for digest, mutant in mutants.items() if digest in verdicts]
    return write_results(len(mutants), judged, texts)


def judge_survivors(mutants: dict[str, Mutant], texts: dict[str, bytes], workers: int) -> int:
    """Judge the survivors of the written figures again: tests changed, the contracts did not."""
    written = survivors_written(texts)
    chosen = {digest: mutant for digest, mutant in mutants.items() if describe(mutant, texts) in written}
    verdicts = _load()
    judge_all(chosen, verdicts, workers)
    return update_results([(mutant, verdicts[digest]) for digest, mutant in chosen.items()], texts)


def list_mutants(slither: Path) -> list[Mutant]:
    """Build the contracts as slither reads them and ask slither's mutators."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    built, listed = _FOLDER / "build", _FOLDER / "mutants.json"
    run(
        ["forge", "build", "--build-info", "--skip", "tests/**", "--out", str(built)],
        FOUNDRY_PROFILE="coverage",
    )
    command = [str(slither / "python"), "-m", "deploy.mutants", str(built), str(listed)]
    # Its warnings name mutators that fail on a function.
    print(run(command, FOUNDRY_PROFILE="coverage"), file=sys.stderr)
    return [Mutant(**entry) for entry in json.loads(listed.read_text())]


def judge_all(mutants: dict[str, Mutant], verdicts: dict[str, Verdict], workers: int) -> None:
    """Judge the mutants, `workers` at a time, into `verdicts`, which are saved as they come."""
    if not mutants:
        return
    left: Queue[str] = Queue()
    for digest in mutants:
        left.put(digest)
    begun, lock = time.monotonic(), threading.Lock()

    def work(bench: Bench) -> None:
        while True:
            try:
                digest = left.get_nowait()
            except Empty:
                return
            verdict = bench.judge(mutants[digest])
            with lock:
                verdicts[digest] = verdict
                _save(verdicts)
                _report(mutants[digest], verdict, len(mutants) - left.qsize(), len(mutants), begun)

    benches = [Bench(f"worker-{i}") for i in range(workers)]
    try:
        benches[0].require_passing()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, benches))
    finally:
        for bench in benches:
            bench.close()


def _open(mutants: dict[str, Mutant], verdicts: dict[str, Verdict]) -> list[str]:
    """The survivors first, then those without a verdict, in the order of the seed."""
    new = sorted(digest for digest in mutants if digest not in verdicts)
    random.Random(_SEED).shuffle(new)
    return [digest for digest in mutants if verdicts.get(digest, _NEW).outcome == "survived"] + new


def _digest(mutant: Mutant, texts: dict[str, bytes]) -> str:
    changed = mutant.apply(texts[mutant.file])
    return hashlib.sha256(mutant.file.encode() + b"\0" + changed).hexdigest()[:20]


def _contracts() -> list[Path]:
    return sorted((ROOT / "contracts").rglob("*.sol"))


def _load() -> dict[str, Verdict]:
    if not _VERDICTS.exists():
        return {}
    return {digest: Verdict(**entry) for digest, entry in json.loads(_VERDICTS.read_text()).items()}


def _save(verdicts: dict[str, Verdict]) -> None:
    partial = _VERDICTS.with_suffix(".part")
    partial.write_text(json.dumps({digest: asdict(verdict) for digest, verdict in verdicts.items()}))
    partial.replace(_VERDICTS)


def _report(mutant: Mutant, verdict: Verdict, done: int, count: int, begun: float) -> None:
    spent = time.monotonic() - begun
    place = f"{mutant.file}:{mutant.line} {mutant.mutator}"
    print(f"{done}/{count} {spent:.0f} s {verdict.outcome} {verdict.by} {place}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
