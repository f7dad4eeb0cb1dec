"""Who keeps failing the data witness: a CUSUM of refusals for every author, the same for whoever replays the chain."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bema_py.core.types import BlockHash, PartyId
from bema_py.core.witness import WitnessRules
from bema_py.learning.margin import Verdict
from bema_py.roles.assembly import AssembledBlock

REFUSED = frozenset({Verdict.NEARER_TO_ANOTHER, Verdict.FAR_FROM_ITS_CLASS})


def next_sum(before: int, refused: bool, rules: WitnessRules) -> int:
    """Give an author's sum after one more sample: `penalty` more if refused, else `relief` less, never below 0."""
    return before + rules.penalty if refused else max(0, before - rules.relief)


@dataclass(frozen=True)
class Failures:
    """Every author's sum after a block, and the height at which a party's sum first reached the limit.

    Page's test of two refusal rates. Only samples that pass eqs. 8 to 10 count: the others tell nothing.
    """

    sums: Mapping[PartyId, int] = field(default_factory=dict)
    failed: Mapping[PartyId, int] = field(default_factory=dict)

    def after(self, assembled: AssembledBlock, rules: WitnessRules) -> "Failures":
        """Return the sums after a block, its samples taken in processing order."""
        sums, failed = dict(self.sums), dict(self.failed)
        for sample, judgement in zip(assembled.candidates, assembled.calibration.judgements, strict=True):
            refused = judgement.verdict in REFUSED
            if refused or judgement.valid:
                sums[sample.owner] = next_sum(sums.get(sample.owner, 0), refused, rules)
            if sums.get(sample.owner, 0) >= rules.limit:
                failed.setdefault(sample.owner, assembled.body.height)
        return Failures(sums, failed)


@dataclass
class FailureRecord:
    """The sums after each block that could be recomputed; without a data witness there are none."""

    rules: WitnessRules | None
    tip: Failures = field(default_factory=Failures)
    at: dict[BlockHash, Failures] = field(default_factory=dict)

    def take(self, block: BlockHash, assembled: AssembledBlock | None) -> None:
        """Add a block of the chain."""
        if self.rules is not None and assembled is not None:
            self.tip = self.tip.after(assembled, self.rules)
            self.at[block] = self.tip
