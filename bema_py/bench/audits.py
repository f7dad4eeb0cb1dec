"""What an audit costs beside mining, and what several processes save: `python -m bema_py.bench.audits RUN`."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bema_py.bench.scoring import seconds
from bema_py.chain.events import BlockSubmitted
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import InputError
from bema_py.experiments.machine import describe_machine
from bema_py.learning.parallel import threads_allowed
from bema_py.roles.assembly import assemble, block_context
from bema_py.roles.auditor import AuditPlan, audit
from bema_py.roles.batches import load_listed
from bema_py.roles.block_audit import Evidence, audit_block
from bema_py.roles.content import ModelCache, load_body, load_rules, publish_model
from bema_py.roles.ledger import Ledger, advance
from bema_py.roles.recollection import recalled_samples
from bema_py.roles.replay import replay
from bema_py.roles.run_record import RunRecord, read_run
from bema_py.storage.memory_store import MemoryStore


class NotItsBlockError(InputError):
    """Mining a block again gave another block: the run's history is false, or has a data witness."""

    def __init__(self, height: int) -> None:
        """Keep the height."""
        super().__init__(f"mining block {height} again gives another block; only true blocks can be timed")
        self.height = height


@dataclass(frozen=True, slots=True)
class BlockCost:
    """Processor seconds of mining and of auditing one block, the least of several turns."""

    height: int
    judged: int
    used: int
    mining: float
    auditing: float

    def to_plain(self) -> dict[str, object]:
        """Give the figures for JSON."""
        counts = {"height": self.height, "judged": self.judged, "used": self.used}
        return {**counts, "mining": self.mining, "auditing": self.auditing}


def main(arguments: list[str] | None = None) -> None:
    """Measure a run directory, print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bema_py.bench.audits", description=__doc__)
    parser.add_argument(
        "run", type=Path, help="a run directory without data witness, such as the demo leaves"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes to compare with one")
    parser.add_argument("--turns", type=int, default=3, help="turns of which the least time counts")
    parser.add_argument("--out", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    record = read_run(options.run)
    blocks = block_costs(record, options.turns)
    result = {
        "machine": describe_machine(),
        "turns": options.turns,
        "blocks": [block.to_plain() for block in blocks],
        "auditing_to_mining": sum(each.auditing for each in blocks) / sum(each.mining for each in blocks),
        **jobs_times(record, options.jobs, options.turns),
    }
    text = json.dumps(result, indent=1) + "\n"
    if options.out:
        options.out.write_text(text)
    sys.stdout.write(text)


def block_costs(record: RunRecord, turns: int) -> list[BlockCost]:
    """Time every block of a chain, each on the ledger of its parent; raises the store's errors."""
    rules = load_rules(record.store, record.deployment.rules_digest)
    history, ledger, costs = replay(record.events), Ledger(), []
    for event in history.blocks:
        body = load_body(record.store, event.body_digest)
        found = []
        for _ in range(turns):
            evidence = Evidence(record.deployment, history, rules, record.store, ModelCache(record.store))
            found.append(block_cost(evidence, ledger, event, body))
        mining, auditing = (min(times) for times in zip(*found, strict=True))
        costs.append(BlockCost(event.height, body.record.judged, body.record.used, mining, auditing))
        ledger = advance(ledger, body)
    return costs


def block_cost(
    evidence: Evidence, ledger: Ledger, event: BlockSubmitted, body: BlockBody
) -> tuple[float, float]:
    """Give the processor seconds of mining a block and of auditing it, on one thread.

    Both have the parent models in memory, as who followed the chain to there has.
    """
    for party in evidence.history.members_at(event.height, evidence.rules):
        evidence.models.load(ledger.model_of(party))
    with threads_allowed(1):
        mining = seconds(lambda: mine_again(evidence, ledger, event, body))
        return mining, seconds(lambda: audit_block(evidence, ledger, event))


def mine_again(evidence: Evidence, ledger: Ledger, event: BlockSubmitted, body: BlockBody) -> None:
    """Compute what the miner of a block did, but for looking through data and searching the nonce."""
    history, rules, store = evidence.history, evidence.rules, evidence.store
    members = history.members_at(event.height, rules)
    context = block_context(
        history,
        ledger,
        rules,
        evidence.deployment.parameters.max_reward_per_block,
        {party.party: evidence.models.load(ledger.model_of(party)) for party in members},
        recalled_samples(store, history, ledger, rules),
        event.miner,
        history.party_type_of(event.miner, event.position),
    )
    listed = [load_listed(store, history.batches[commitment], rules) for commitment in body.batches]
    assembled = assemble(context, listed)
    published = MemoryStore()
    for update in assembled.body.updates:
        publish_model(published, assembled.calibration.models[update.party])
    published.put_object(assembled.body.to_bytes())
    if assembled.body.root() != body.root():
        raise NotItsBlockError(event.height)


def jobs_times(record: RunRecord, jobs: int, turns: int) -> dict[str, object]:
    """Give the seconds of a whole audit on one process and on several, which take turns, the least of each."""
    taken: dict[int, list[float]] = {1: [], jobs: []}
    for _ in range(turns):
        for count, times in taken.items():
            begun = perf_counter()
            audit(record.deployment, record.events, record.store, plan=AuditPlan(jobs=count))
            times.append(perf_counter() - begun)
    one, several = min(taken[1]), min(taken[jobs])
    return {"jobs": jobs, "seconds_one": one, "seconds_jobs": several, "speedup": one / several}


if __name__ == "__main__":
    main()
