"""The time that one block takes, stage by stage, for a growing number of parties."""

from dataclasses import dataclass
from time import process_time

from bema_py.bench.subjects import (
    KINDS_OF_D,
    lenient_rules,
    members_of_d,
    random_candidates,
    random_models,
)
from bema_py.learning.calibration import calibrate_block
from bema_py.learning.candidates import sample_images
from bema_py.learning.margin import judge
from bema_py.learning.scoring import class_scores

STAGES = ("score", "judge", "rounds", "hashing")


@dataclass(frozen=True, slots=True)
class BlockTime:
    """Processor seconds of each stage of one block."""

    parties: int
    candidates: int
    used: int
    stages: dict[str, float]

    @property
    def total(self) -> float:
        """Give the block's seconds."""
        return sum(self.stages.values())

    def to_plain(self) -> dict[str, object]:
        """Give the seconds and each stage's share for JSON."""
        shares = {stage: taken / self.total for stage, taken in self.stages.items()}
        return {
            "parties": self.parties,
            "candidates": self.candidates,
            "used": self.used,
            "seconds": self.total,
            "seconds_a_party": self.total / self.parties,
            "stages": self.stages,
            "shares": shares,
        }


def block_time(parties: int, candidates: int, used: int, turns: int) -> BlockTime:
    """Time a block of random models of case D's kinds: each stage's least seconds of several turns."""
    found = [block_stages(parties, candidates, used) for _ in range(turns)]
    return BlockTime(parties, candidates, used, {name: min(turn[name] for turn in found) for name in STAGES})


def block_stages(parties: int, candidates: int, used: int) -> dict[str, float]:
    """Compute one block and give the processor seconds of its stages.

    Scoring ends with its last report; judging is timed once more by itself and the rounds are what is left.
    """
    membership, rules, samples = members_of_d(parties), lenient_rules(used), random_candidates(candidates)
    models = dict(zip(membership.ids, random_models(KINDS_OF_D, parties), strict=True))
    scored = begun = process_time()

    def heard(stage: str, _done: int, _total: int) -> None:
        nonlocal scored
        if stage == "score":
            scored = process_time()

    block = calibrate_block(models, membership, samples, rules, 1, progress=heard)
    ended = process_time()
    for party in block.changed:
        block.models[party].sha256()
    hashed = process_time()
    scores = class_scores(list(models.values()), sample_images(samples, rules), rules.classes)
    before = process_time()
    judge(scores, [sample.y for sample in samples], membership, rules)
    judging = process_time() - before
    return {
        "score": scored - begun,
        "judge": judging,
        "rounds": ended - scored - judging,
        "hashing": hashed - ended,
    }
