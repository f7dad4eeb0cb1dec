"""Who plays in a long history: fifty parties with small models on scikit-learn's digits, and three miners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bema_py.chain.connection import Chain
from bema_py.chain.signers import NodeSigner
from bema_py.core.types import mask_of
from bema_py.learning.cases import CaseParty, DataCase, deal_case
from bema_py.learning.datasets import CLASSES, Dataset, SplitDataset, split_off_test
from bema_py.learning.parties import TrainingJob, party_seed
from bema_py.learning.partition import CasePlan, PartyPlan
from bema_py.learning.recipe import Recipe
from bema_py.roles.outbox import Outbox

FOUNDERS, PARTIES = 4, 50
ACCOUNTS = PARTIES + 6
HALVES = (tuple(range(5)), tuple(range(5, CLASSES)))
PUBLIC = 200
KINDS = ("linear", "svm", "linear", "mlp")
SHORT = Recipe(60, held_weight=4)
"""Short, so that models make mistakes and calibration has something to do for hundreds of blocks."""
GREY = 15
"""What one of the 16 grey levels of the source is worth in a byte."""
SHIFTS, NOISE = 2, 48


@dataclass(frozen=True)
class LongPlayer:
    """One party: its number in order of registration, its share of the data and its private state."""

    number: int
    share: CaseParty
    signer: NodeSigner
    outbox: Outbox

    @property
    def held_classes(self) -> int:
        """The mask of the classes it holds."""
        return mask_of(self.share.held)

    @property
    def founder(self) -> bool:
        """Whether it is an original party."""
        return self.share.original


@dataclass(frozen=True)
class LongCast:
    """Everyone in a long history: deployer and honest miners, a cheat who mines, and the parties."""

    case: DataCase
    deployer: NodeSigner
    miners: tuple[NodeSigner, ...]
    cheat: NodeSigner
    players: tuple[LongPlayer, ...]

    @property
    def founders(self) -> tuple[LongPlayer, ...]:
        """The original parties."""
        return self.players[:FOUNDERS]

    def jobs(self, seed: int) -> Mapping[str, TrainingJob]:
        """Return every party's local training, by its number as text."""
        return {
            str(player.number): TrainingJob(
                player.share, self.case.public, party_seed(seed, player.number), SHORT
            )
            for player in self.players
        }


def long_cast(chain: Chain, directory: Path, seed: int) -> LongCast:
    """Deal the digits, 8x8 pixels each, and give everyone an account of the node."""
    case = deal_case("long", CasePlan(CLASSES, _plans(), PUBLIC), small_digits(), seed)
    deployer, first, second, cheat, *rest = (NodeSigner(chain, account) for account in chain.accounts())
    players = tuple(
        LongPlayer(number, share, signer, Outbox(directory / "outboxes" / f"{number}.json"))
        for number, (share, signer) in enumerate(zip(case.parties, rest, strict=False), start=1)
    )
    # A founder and two hired accounts mine: all three kinds of miner info but that of a regular party.
    return LongCast(case, deployer, (first, second, players[0].signer), cheat, players)


def _plans() -> tuple[PartyPlan, ...]:
    founders = [PartyPlan(HALVES[number % 2], "linear", True) for number in range(FOUNDERS)]
    regulars = [
        PartyPlan(
            tuple(sorted((number + step) % CLASSES for step in range(3))), KINDS[number % len(KINDS)], False
        )
        for number in range(PARTIES - FOUNDERS)
    ]
    return (*founders, *regulars)


def small_digits() -> SplitDataset:
    """Load scikit-learn's digits as they are: uint8 (n, 1, 8, 8), every fifth of a class for the test."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - imports scipy, a second that nothing else needs

    source = load_digits()
    images = (source.images * GREY).astype(np.uint8)[:, None]
    return SplitDataset(
        "digits 8x8", *split_off_test(Dataset(images, source.target.astype(np.uint8))), PUBLIC
    )


def fresh_records(data: Dataset, count: int, seed: Sequence[int]) -> Dataset:
    """Draw records of a party, each moved by up to two pixels and noisy: as if it had gathered new ones.

    The data set has 1,797 digits; hundreds of blocks need more samples, and a sample is used only once.
    """
    random = np.random.default_rng(list(seed))
    rows = random.integers(0, len(data), count)
    moved = [
        np.roll(data.images[row], tuple(random.integers(-SHIFTS, SHIFTS + 1, 2)), axis=(1, 2)) for row in rows
    ]
    noisy = np.stack(moved).astype(np.int64) + random.integers(-NOISE, NOISE + 1, (count, *data.shape))
    return Dataset(np.clip(noisy, 0, 255).astype(np.uint8), data.labels[rows].copy())
