"""Who keeps failing the data witness: a CUSUM of refusals for every author, the same for whoever replays the chain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bema_py.chain.events import BlockSubmitted
from bema_py.core.types import BlockHash, PartyId
from bema_py.core.witness import WitnessRules
from bema_py.learning.margin import Verdict
from bema_py.roles.assembly import AssembledBlock

REFUSED = frozenset({Verdict.NEARER_TO_ANOTHER, Verdict.FAR_FROM_ITS_CLASS})


def next_sum(before: int, refused: bool, rules: WitnessRules) -> int:
    """Give an author's sum after one more sample: `penalty` more if refused, else `relief` less, never below 0."""
    return before + rules.penalty if refused else max(0, before - rules.relief)


@dataclass(frozen=True, slots=True)
class CountedSample:
    """A sample that counts in Page's test, whose it is, and whether the data witness refused it."""

    owner: PartyId
    refused: bool


def counted_samples(assembled: AssembledBlock) -> tuple[CountedSample, ...]:
    """Return a block's samples that pass eqs. 8 to 10, in processing order: the others tell nothing."""
    pairs = zip(assembled.candidates, assembled.calibration.judgements, strict=True)
    return tuple(
        CountedSample(sample.owner, judgement.verdict in REFUSED)
        for sample, judgement in pairs
        if judgement.valid or judgement.verdict in REFUSED
    )


@dataclass(frozen=True)
class Failures:
    """Every author's sum after a block, and the height at which a party's sum first reached the limit.

    Page's test of two refusal rates.
    """

    sums: Mapping[PartyId, int] = field(default_factory=dict)
    failed: Mapping[PartyId, int] = field(default_factory=dict)

    def after(self, height: int, samples: Iterable[CountedSample], rules: WitnessRules) -> "Failures":
        """Return the sums after the block of this height and its samples, taken in processing order."""
        sums, failed = dict(self.sums), dict(self.failed)
        for sample in samples:
            sums[sample.owner] = next_sum(sums.get(sample.owner, 0), sample.refused, rules)
            if sums[sample.owner] >= rules.limit:
                failed.setdefault(sample.owner, height)
        return Failures(sums, failed)


@dataclass
class FailureRecord:
    """The sums after each block, up to the first one that was not recomputed; without a data witness there are none.

    `gap` is that block's height: from there on only those who had failed before are known to have.
    """

    rules: WitnessRules | None
    tip: Failures = field(default_factory=Failures)
    at: dict[BlockHash, Failures] = field(default_factory=dict)
    gap: int | None = None

    def take(self, event: BlockSubmitted, samples: Iterable[CountedSample] | None) -> None:
        """Add the next block of the chain by its samples that count; None where it was not recomputed."""
        if self.rules is None or self.gap is not None:
            return
        if samples is None:
            self.gap = event.height
            return
        self.tip = self.tip.after(event.height, samples, self.rules)
        self.at[event.block_hash] = self.tip
