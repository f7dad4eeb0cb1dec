"""How the samples of a block's batches came out, counted by the rule that each broke."""

from collections import Counter
from collections.abc import Iterable

from bema_py.learning.margin import Verdict
from bema_py.roles.assembly import AssembledBlock

BEYOND_LIMITS = "valid, beyond what a block may use"
NOT_JUDGED = "not judged: a copy, or used in an earlier block"

Refusals = tuple[tuple[str, int], ...]
"""Each reason why samples were not used, with their number; in the order of the rules."""


def refusals(assembled: AssembledBlock) -> Refusals:
    """Count the samples of a recomputed block that it did not use."""
    judgements = assembled.calibration.judgements
    broken = Counter(judgement.verdict for judgement in judgements if not judgement.valid)
    record = assembled.body.record
    rest = {
        BEYOND_LIMITS: len(judgements) - sum(broken.values()) - record.used,
        NOT_JUDGED: record.judged - len(judgements),
    }
    found = ((verdict.value, broken[verdict]) for verdict in Verdict)
    return tuple((why, number) for why, number in (*found, *rest.items()) if number)


def total(blocks: Iterable[Refusals]) -> dict[str, int]:
    """Add up the refusals of several blocks."""
    sums: Counter[str] = Counter()
    for each in blocks:
        sums.update(dict(each))
    return dict(sums)
