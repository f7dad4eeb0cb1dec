"""What the data witness refuses: honest samples, bogus ones that pass eqs. 8 to 10, and how soon authors fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from bema_py.core.rules import SCORE_ONE, Rules
from bema_py.core.types import PartyId, PartyType
from bema_py.core.witness import WitnessRules
from bema_py.experiments.machine import describe_machine
from bema_py.experiments.methods import PAPER_RULES
from bema_py.experiments.studies import StudySettings, markdown_table, write_results
from bema_py.experiments.witnessing import with_references, witness_rules
from bema_py.experiments.workers import Done
from bema_py.experiments.world import World, open_world
from bema_py.learning.attacks import bogus_samples
from bema_py.learning.cases import build_case
from bema_py.learning.datasets import Dataset
from bema_py.learning.krum import Integers
from bema_py.learning.margin import judge
from bema_py.learning.membership import Membership
from bema_py.learning.references import ReferenceSet
from bema_py.learning.scoring import Scores, class_scores
from bema_py.learning.witness import Distances, objections, pooled_distances
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


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What the regular parties looked through: the authors, and for each record its owner, label, scores, distances."""

    authors: tuple[PartyId, ...]
    owner: Integers
    labels: Integers
    scores: Scores
    distances: Distances


def measure(world: World, case: str, seed: int, scan: int) -> Iterator[WitnessRow]:
    """Yield a row for each rule set; the regular parties look through `scan` records together."""
    references = list(with_references(world, seed).references.values())
    witness = witness_rules([own.root for own in references])
    scanned = scan_authors(world, references, seed, scan)
    for name, rules in RULES.items():
        yield row(scanned, membership_of(world.members), witness, rules, (case, name, seed))


def scan_authors(world: World, references: Sequence[ReferenceSet], seed: int, scan: int) -> Scan:
    """Let each regular party look through its share of the records, at random."""
    authors = tuple(member.party for member in world.members if member.party_type is PartyType.REGULAR)
    random = np.random.default_rng(seed)
    size = scan // len(authors)
    private = [world.private[author] for author in authors]
    records = [data.select(random.permutation(len(data))[:size]) for data in private]
    joined = Dataset.joined(records)
    heard = [(own.classes, own.distances(joined.images)) for own in references]
    return Scan(
        authors,
        np.repeat(np.array(authors, dtype=np.int64), [len(part) for part in records]),
        joined.labels.astype(np.int64),
        class_scores(list(world.models.values()), joined.images, PAPER_RULES.classes),
        pooled_distances(heard, len(joined), PAPER_RULES.classes),
    )


def row(
    scan: Scan, membership: Membership, witness: WitnessRules, rules: Rules, names: tuple[str, str, int]
) -> WitnessRow:
    """Judge what was looked through, honestly and as attackers would send it, and ask the references."""
    judgements = judge(scan.scores, scan.labels, membership, rules)
    honest = [position for position, judgement in enumerate(judgements) if judgement.valid]
    false = bogus_samples(scan.scores, scan.labels, membership, rules, pre_checked=True)
    bogus = [each.position for each in false]
    honestly = refused(scan.distances[honest], scan.labels[honest].tolist(), witness)
    falsely = refused(scan.distances[bogus], [each.claimed for each in false], witness)
    good = [honestly[scan.owner[honest] == author].tolist() for author in scan.authors]
    bad = [falsely[scan.owner[bogus] == author].tolist() for author in scan.authors]
    mixed = [list(chain(*zip(first, second, strict=False))) for first, second in zip(good, bad, strict=True)]
    case, name, seed = names
    return WitnessRow(
        case,
        name,
        seed,
        honest=len(honest),
        honest_refused=int(honestly.sum()),
        bogus=len(bogus),
        bogus_refused=int(falsely.sum()),
        authors=len(scan.authors),
        honest_failed=sum(samples_until_failed(each, witness) is not None for each in good),
        all_bogus=mean([samples_until_failed(each, witness) for each in bad]),
        half_bogus=mean([samples_until_failed(each, witness) for each in mixed]),
    )


def refused(distances: Distances, labels: Sequence[int], witness: WitnessRules) -> npt.NDArray[np.bool_]:
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
    tuned = "training samples but those held out" if settings.source.tune else "all training samples"
    return (
        f"# What the data witness refuses\n\nCommand: `{command(settings)}`\n\n"
        f"Regular parties' samples that pass eqs. 8 to 10 at the local models, before the first block; "
        f"data set {settings.source.dataset} ({tuned}); {settings.budget.scan} records looked through in all; local "
        f"training {settings.setup.recipe}. Machine: {describe_machine()}.\n\n{table}\n"
        "Not all: some author ran out of such samples before it failed.\n"
    )


def command(settings: StudySettings) -> str:
    """Give the command that repeats the study; this one has neither methods nor blocks to choose."""
    data = "" if settings.source.dataset == "digits" else " --data-dir DIR"
    seeds, cases = ",".join(map(str, settings.seeds)), ",".join(settings.cases)
    return (
        f"bema experiment witness --dataset {settings.source.dataset}{data} --seeds {seeds} --cases {cases} "
        f"--scan {settings.budget.scan} --steps {settings.setup.recipe.steps}{settings.marks}"
    )


def cells(row: Mapping[str, Any]) -> list[str]:
    """Give a row of the table."""
    honest = row["honest_refused"] / max(row["honest"], 1)
    passed = 1 - row["bogus_refused"] / max(row["bogus"], 1)
    until = ["not all" if row[name] is None else str(row[name]) for name in ("all_bogus", "half_bogus")]
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
