"""A network of many nodes for half an hour, while its processes are killed and its chain is disturbed: `make soak`."""

import argparse
import json
import os
import shlex
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bema_py.bench.anvil import find_anvil
from bema_py.bench.onlooker import Standing, calm, standing, verdict, wait_until
from bema_py.bench.soak_page import soak_page
from bema_py.bench.storm import Storm
from bema_py.experiments.machine import describe_machine
from bema_py.local.network import LocalNetwork, Settings
from bema_py.local.plan import load_plan, make_plan
from bema_py.local.processes import Processes

STARTS_WITHIN = 1800.0
"""Seconds until every node is well and every party a member; a small machine trains its models one after another."""
LOOK = 10.0
"""Seconds between two looks at memory and load."""
MIB = 2**20


@dataclass
class Watch:
    """What was seen of a running network: each process's memory in bytes, the machine's load over time.

    share: of the last, its part of what processes share counted once among them all.
    """

    memory: Counter[str] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)
    share: dict[str, int] = field(default_factory=dict)
    load: list[float] = field(default_factory=list)

    def look(self, network: LocalNetwork) -> None:
        """Look once."""
        self.load.append(os.getloadavg()[0])
        for name, entry in network.processes.started.items():
            memory, share = entry.memory(), entry.share()
            if memory is not None and share is not None:
                self.last[name], self.share[name] = memory, share
                self.memory[name] = max(self.memory[name], memory)


def main(arguments: list[str] | None = None) -> None:
    """Run, check what must hold, and write the figures; exit code 1 where something does not hold."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _options().parse_args(given)
    network = _laid_out(options)
    anvil = str(find_anvil(options.anvil))
    try:
        began = time.monotonic()
        network.up(anvil, Settings(window=options.window, poll=options.poll), STARTS_WITHIN, _say)
        network.wait_until_well(STARTS_WITHIN)
        wait_until(lambda: _members(network), "every party is a member", STARTS_WITHIN)
        founded = time.monotonic() - began
        storm, watch = Storm(network, anvil, Random(options.seed)), Watch()
        before = standing(network)
        disturb(storm, watch, options)
        after = standing(network)
        _say("the storm is over")
        calmed = calm(network)
        network.processes.stop([node.name for node in network.plan.nodes])
        wrong = verdict(network)
    finally:
        network.down()
    figures = {
        "command": f"python -m bema_py.bench.soak {shlex.join(given)}".strip(),
        "machine": describe_machine(),
        "nodes": dict(Counter(node.role for node in network.plan.nodes)),
        "seed": options.seed,
        "poll_seconds": options.poll,
        "seconds_to_found": round(founded),
        "seconds": round(storm.blows[-1].at) if storm.blows else 0,
        "seconds_to_calm": round(calmed),
        **_grown(before, after, options.minutes),
        "failures_survived": dict(Counter(blow.kind for blow in storm.blows)),
        "kills_by_role": dict(
            Counter(_role(network, blow.whom) for blow in storm.blows if blow.kind == "kill")
        ),
        "kills_by_moment": dict(Counter(blow.moment for blow in storm.blows if blow.kind == "kill")),
        "load": {"mean": round(sum(watch.load) / len(watch.load), 1), "most": round(max(watch.load), 1)},
        "memory_mib": _memory(network, watch),
        "promises_broken": wrong,
        "blows": storm.record(),
    }
    options.out.write_text(json.dumps(figures, indent=1) + "\n")
    options.out.with_suffix(".md").write_text(soak_page(figures))
    _say(f"{len(storm.blows)} failures, {len(wrong)} promises broken: {options.out}")
    sys.exit(1 if wrong else 0)


def disturb(storm: Storm, watch: Watch, options: argparse.Namespace) -> None:
    """Hit the network now and then until its time is over."""
    every = {
        storm.kill_one: options.kill_every,
        storm.reorganise: options.reorganise_every,
        storm.restart_chain: options.restart_every,
    }
    due = {blow: storm.random.uniform(0.5, 1.5) * seconds for blow, seconds in every.items() if seconds}
    began = looked = time.monotonic()
    watch.look(storm.network)
    while (now := time.monotonic() - began) < 60 * options.minutes:
        if time.monotonic() - looked > LOOK:
            watch.look(storm.network)
            looked = time.monotonic()
        for blow in [each for each, at in due.items() if at <= now]:
            blow()
            due[blow] = now + storm.random.uniform(0.5, 1.5) * every[blow]
        time.sleep(0.2)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bema_py.bench.soak", description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("runs/soak"), help="where the network lives")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the storm lasts")
    parser.add_argument("--seed", type=int, default=1, help="what draws the blows")
    for name, count in (("founders", 3), ("parties", 15), ("miners", 2), ("auditors", 1)):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument(
        "--poll", type=float, default=3.0, help="seconds between two looks of a node at the chain"
    )
    parser.add_argument("--window", type=int, default=60, help="challenge window in seconds")
    parser.add_argument("--kill-every", type=float, default=20.0, help="seconds between two kills; 0: none")
    parser.add_argument("--reorganise-every", type=float, default=60.0, help="likewise, reorganisations")
    parser.add_argument("--restart-every", type=float, default=300.0, help="likewise, restarts of the chain")
    parser.add_argument("--anvil", type=Path, help="the anvil program")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/results/soak.json"), help="file for the figures"
    )
    return parser


def _laid_out(options: argparse.Namespace) -> LocalNetwork:
    root = options.directory.resolve()
    root.mkdir(parents=True, exist_ok=True)
    plan = load_plan(root)
    if plan is None:
        plan = make_plan(options.founders, options.parties, options.miners, options.auditors, 0)
        plan.save(root)
    return LocalNetwork(root, plan, Processes(root))


def _members(network: LocalNetwork) -> bool:
    here = standing(network)
    return here.parties == len(network.plan.holders) and here.blocks > 0


def _role(network: LocalNetwork, name: str) -> str:
    return next(node.role for node in network.plan.nodes if node.name == name)


def _grown(before: Standing, after: Standing, minutes: float) -> dict[str, Any]:
    """Return what came to be during the storm; a reorganisation takes back what is then built again."""
    blocks = after.blocks - before.blocks
    return {
        "minutes": minutes,
        "blocks": blocks,
        "blocks_per_minute": round(blocks / minutes, 2),
        "blocks_that_left": after.orphans - before.orphans,
        "batches": after.batches - before.batches,
        "samples_used": after.samples_used - before.samples_used,
        "ethereum_blocks": after.ethereum_blocks - before.ethereum_blocks,
        "transactions": after.transactions - before.transactions,
    }


def _memory(network: LocalNetwork, watch: Watch) -> dict[str, dict[str, int]]:
    """Return the most and the last memory of each process and its share of the last, MiB."""
    names = ["chain", *(node.name for node in network.plan.nodes)]
    return {
        name: {
            "most": watch.memory[name] // MIB,
            "last": watch.last[name] // MIB,
            "share": watch.share[name] // MIB,
        }
        for name in names
        if name in watch.last
    }


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


if __name__ == "__main__":
    main()
