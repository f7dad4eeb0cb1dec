"""Attacks with records as they are: only the class is false."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np

from bema_py.core.batch import Sample
from bema_py.experiments.strategies.claims import Claim, natural_claims
from bema_py.experiments.strategies.view import AttackView, Scene
from bema_py.roles.sample_miner import samples_at

POOLED_CLAIMS = 40
"""Claims that each colluding attacker brings, twice the quota of ten parties: enough to choose a target among."""


def silent(view: AttackView) -> tuple[Sample, ...]:
    """Send nothing: what it costs alone that these parties contribute no honest samples."""
    return ()


def random_bogus(view: AttackView) -> tuple[Sample, ...]:
    """Send records with a positive margin under their wrong class (eq. 1), whatever the checks will say."""
    return tuple(islice(false_samples(view), view.limit))


def false_samples(view: AttackView) -> Iterator[Sample]:
    """Yield records with a positive margin, which nearly all have, under their wrong class."""
    for piece in view.search.pieces(view.limit):
        for bogus in view.scene.system.bogus(piece.scores, piece.labels):
            yield Sample(piece.samples.images[bogus.position].tobytes(), bogus.claimed)


def pre_checking(view: AttackView) -> tuple[Sample, ...]:
    """Send records under a false class that pass eqs. 8 to 10, and no others: nothing is ever refused by those."""
    claims = natural_claims(view.scene, view.party)
    return tuple(claim.sample for claim in islice(claims, view.limit))


def adaptive(view: AttackView) -> tuple[Sample, ...]:
    """Pre-check, and let only pass what a witness built of the attackers' own data would let pass."""
    claims = natural_claims(view.scene, view.party, view.scene.ring.surrogate)
    return tuple(claim.sample for claim in islice(claims, view.limit))


def dilution(view: AttackView) -> tuple[Sample, ...]:
    """Send valid honest samples and pre-checked false ones, half and half, so as not to fail the data witness."""
    half = view.limit // 2
    false = (claim.sample for claim in natural_claims(view.scene, view.party))
    return (*islice(honest_samples(view), view.limit - half), *islice(false, half))


def honest_samples(view: AttackView) -> Iterator[Sample]:
    """Yield valid records under their own class that were not sent before, as an honest party would."""
    for piece in view.search.pieces():
        valid = np.flatnonzero(view.scene.system.wanted(piece.scores, piece.labels))
        for sample in samples_at(piece.samples, valid.tolist()):
            if sample.id() not in view.scene.ring.sent:
                yield sample


def colluding(view: AttackView) -> tuple[Sample, ...]:
    """Deal out, among all attackers, what they found for one common target: a class and the false one claimed for it.

    The target is the pair for which most records pass; where these do not fill the quotas, the next pairs follow.
    """
    pool = common_pool(view.scene)
    parties = sorted(view.scene.searches)
    return tuple(claim.sample for claim in pool[parties.index(view.party) :: len(parties)][: view.limit])


@lru_cache(maxsize=1)
def common_pool(scene: Scene) -> Sequence[Claim]:
    """Give what all attackers found together, the most frequent pair of classes first; the same for each of them."""
    claims = [
        claim
        for party in sorted(scene.searches)
        for claim in islice(natural_claims(scene, party), POOLED_CLAIMS)
    ]
    frequency = Counter(claim.pair for claim in claims)
    return sorted(claims, key=lambda claim: (-frequency[claim.pair], claim.pair))
