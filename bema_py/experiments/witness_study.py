"""What the data witness refuses: honest samples, bogus ones that pass eqs. 8 to 10, and how soon authors fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from bema_py.core.hashing import sha256d
from bema_py.core.rules import SCORE_ONE, Rules
from bema_py.core.types import PartyType
from bema_py.core.witness import WitnessRules
from bema_py.experiments.machine import describe_machine
from bema_py.experiments.methods import PAPER_RULES
from bema_py.experiments.studies import StudySettings, markdown_table, write_results
from bema_py.experiments.workers import Done
from bema_py.experiments.world import World, open_world
from bema_py.learning.attacks import bogus_samples
from bema_py.learning.cases import build_case
from bema_py.learning.datasets import Dataset
from bema_py.learning.margin import judge
from bema_py.learning.references import ReferenceSet, reference_set, split_references
from bema_py.learning.scoring import class_scores
from bema_py.learning.witness import objections, pooled_distances
from bema_py.roles.assembly import membership_of
from bema_py.roles.failures import next_sum

RULES: Mapping[str, Rules] = {
    "eqs. 8 to 10": PAPER_RULES,
    "any margin": replace(
        PAPER_RULES, tau=SCORE_ONE, delta=round(0.3 * SCORE_ONE), sigma=round(0.5 * SCORE_ONE)
    ),
}
"""The paper's validity, and that of a rule set which takes every sample of a sure enough class."""


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """What the witness did to one case.

    honest, bogus: samples of regular parties that pass the rules' eqs. 8 to 10, the bogus ones under a wrong class.
    honest_failed: honest authors, of all `authors`, whose sum reached the limit. all_bogus, half_bogus: samples until
    an author failed, the mean over authors, who send bogus samples only or every second one; None where one never did.
    """

    case: str
    rules: str
    seed: int
    honest: int
    honest_refused: int
    bogus: int
    bogus_refused: int
    authors: int
    honest_failed: int
    all_bogus: float | None
    half_bogus: float | None


def witness_study(settings: StudySettings, done: Done) -> list[dict[str, Any]]:
    """Measure every case and seed at the local models, before the first block; writes witness.json and .md."""
    rows: list[dict[str, Any]] = []
    pairs = [(case, seed) for case in settings.cases for seed in settings.seeds]
    for number, (case, seed) in enumerate(pairs, start=1):
        data = build_case(case, settings.source.load(settings.setup), seed)
        world = open_world(data, seed, settings.setup.recipe, settings.cache / "models")
        rows += [asdict(row) for row in measure(world, case, seed, settings.budget.scan)]
        done("cases", number, len(pairs))
    write_results(settings, rows, page(settings, rows))
    return rows


def measure(world: World, case: str, seed: int, scan: int) -> Iterator[WitnessRow]:
    """Yield a row for each rule set; each regular party looks through its share of `scan` records."""
    founders = [member.party for member in world.members if member.party_type is PartyType.ORIGINAL]
    authors = [member.party for member in world.members if member.party_type is PartyType.REGULAR]
    references = {founder: founder_references(world, founder, seed) for founder in founders}
    witness = witness_rules(tuple(references.values()))
    random = np.random.default_rng(seed)
    records = {
        author: world.private[author].select(
            random.permutation(len(world.private[author]))[: scan // len(authors)]
        )
        for author in authors
    }
    everything = Dataset(
        np.concatenate([part.images for part in records.values()]),
        np.concatenate([part.labels for part in records.values()]),
    )
    scores = class_scores(list(world.models.values()), everything.images, PAPER_RULES.classes)
    distances = pooled_distances(
        [(own.classes, own.distances(everything.images)) for own in references.values()],
        len(everything),
        PAPER_RULES.classes,
    )
    membership = membership_of(world.members)
    labels = everything.labels.astype(np.int64)
    owner = np.repeat(authors, [len(part) for part in records.values()])
    for name, rules in RULES.items():
        judgements = judge(scores, labels, membership, rules)
        honest = [position for position, judgement in enumerate(judgements) if judgement.valid]
        false = bogus_samples(scores, labels, membership, rules, pre_checked=True)
        bogus = [each.position for each in false]
        honestly = refused(distances[honest], labels[honest].tolist(), witness)
        falsely = refused(distances[bogus], [each.claimed for each in false], witness)
        good = {author: honestly[owner[honest] == author].tolist() for author in authors}
        bad = {author: falsely[owner[bogus] == author].tolist() for author in authors}
        mixed = {author: list(chain(*zip(good[author], bad[author], strict=False))) for author in authors}
        yield WitnessRow(
            case,
            name,
            seed,
            honest=len(honest),
            honest_refused=int(honestly.sum()),
            bogus=len(bogus),
            bogus_refused=int(falsely.sum()),
            authors=len(authors),
            honest_failed=sum(samples_until_failed(good[author], witness) is not None for author in authors),
            all_bogus=mean([samples_until_failed(bad[author], witness) for author in authors]),
            half_bogus=mean([samples_until_failed(mixed[author], witness) for author in authors]),
        )


def founder_references(world: World, founder: int, seed: int) -> ReferenceSet:
    """Give a founder's references under a secret made up from the seed."""
    party = world.case.parties[founder - 1]
    secret = sha256d(b"references" + seed.to_bytes(8, "big") + founder.to_bytes(4, "big"))
    chosen, _ = split_references(party.private, party.held, secret)
    return reference_set("strokes", party.private.select(chosen), secret)


def witness_rules(references: Sequence[ReferenceSet]) -> WitnessRules:
    """Give the rules of the data witness as chosen on held-out samples, for these references."""
    return WitnessRules(
        feature="strokes",
        references=tuple(own.root for own in references),
        witnesses=1,
        ratio=(19, 21),
        farthest=0,
        # 1000 log(.40 / .10) and 1000 log(.90 / .60): the refusal rates of a bad and a good author.
        penalty=1386,
        relief=405,
        limit=10_000,
    )


def refused(distances: np.ndarray, labels: Sequence[int], witness: WitnessRules) -> np.ndarray:
    """Say which samples 10b refuses, by their distances (samples, classes) and labels."""
    return np.array([found is not None for found in objections(distances, labels, witness)], dtype=np.bool_)


def samples_until_failed(refusals: Sequence[bool], witness: WitnessRules) -> int | None:
    """Give how many samples an author sends until its sum reaches the limit, None if it never does."""
    total = 0
    for count, refusal in enumerate(refusals, start=1):
        total = next_sum(total, refusal, witness)
        if total >= witness.limit:
            return count
    return None


def mean(counts: Sequence[int | None]) -> float | None:
    """Give the mean, None where a count is missing."""
    known = [count for count in counts if count is not None]
    return round(sum(known) / len(known), 1) if known and len(known) == len(counts) else None


def page(settings: StudySettings, rows: Sequence[Mapping[str, Any]]) -> str:
    """Lay the rows out with what made them."""
    header = ["case", "valid by", "seed", "honest samples", "refused", "bogus samples", "passed"]
    header += ["honest authors failed", "samples until failed, all bogus", "half bogus"]
    table = markdown_table(header, [cells(row) for row in rows])
    tuned = "held out for tuning" if settings.source.tune else "all training samples"
    return (
        f"# What the data witness refuses\n\nCommand: `{settings.command}`\n\n"
        f"Regular parties' samples that pass eqs. 8 to 10 at the local models, before the first block; "
        f"data set {settings.source.dataset} ({tuned}); {settings.budget.scan} records looked through in all; local "
        f"training {settings.setup.recipe.steps} batches, augmented. Machine: {describe_machine()}.\n\n{table}"
    )


def cells(row: Mapping[str, Any]) -> list[str]:
    """Give a row of the table."""
    honest = row["honest_refused"] / max(row["honest"], 1)
    passed = 1 - row["bogus_refused"] / max(row["bogus"], 1)
    until = ["never" if row[name] is None else str(row[name]) for name in ("all_bogus", "half_bogus")]
    return [
        row["case"],
        row["rules"],
        str(row["seed"]),
        str(row["honest"]),
        f"{honest:.1%}",
        str(row["bogus"]),
        f"{passed:.1%}",
        f"{row['honest_failed']} of {row['authors']}",
        *until,
    ]
