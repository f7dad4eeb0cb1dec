"""Who keeps failing the data witness: a CUSUM of refusals for every author, the same for whoever replays the chain."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bema_py.core.types import BlockHash, PartyId
from bema_py.core.witness import WitnessRules
from bema_py.learning.margin import Verdict
from bema_py.roles.assembly import AssembledBlock

REFUSED = frozenset({Verdict.NEARER_TO_ANOTHER, Verdict.FAR_FROM_ITS_CLASS})


@dataclass(frozen=True)
class Failures:
    """Every author's sum after a block, and the height at which a party's sum first reached the limit.

    A valid sample that the references speak against (10b) adds `penalty`, an accepted one takes off `relief`, never
    below 0: Page's test of two refusal rates. Samples that fail eqs. 8 to 10 tell nothing.
    """

    sums: Mapping[PartyId, int] = field(default_factory=dict)
    failed: Mapping[PartyId, int] = field(default_factory=dict)

    def after(self, assembled: AssembledBlock, rules: WitnessRules) -> "Failures":
        """Return the sums after a block, its samples taken in processing order."""
        sums, failed = dict(self.sums), dict(self.failed)
        for sample, judgement in zip(assembled.candidates, assembled.calibration.judgements, strict=True):
            before = sums.get(sample.owner, 0)
            if judgement.verdict in REFUSED:
                sums[sample.owner] = before + rules.penalty
            elif judgement.valid:
                sums[sample.owner] = max(0, before - rules.relief)
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
