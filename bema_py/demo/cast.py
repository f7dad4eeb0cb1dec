"""Who plays in the demonstration: parties with their data, accounts, models and private state."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bema_py.chain.connection import Chain
from bema_py.chain.signers import NodeSigner, Signer
from bema_py.core.errors import InputError
from bema_py.core.types import mask_of
from bema_py.demo.settings import DemoSettings
from bema_py.learning.cases import CaseParty, DataCase
from bema_py.roles.outbox import Outbox
from bema_py.roles.sample_miner import PublicationPolicy

DEMO_BUDGET = 1_000_000


@dataclass(frozen=True)
class Player:
    """One party of the demonstration."""

    name: str
    share: CaseParty
    signer: Signer
    outbox: Outbox
    sends_bogus: bool = False
    trains_on_swapped_labels: bool = False

    @property
    def held_classes(self) -> int:
        """The mask of the classes of its private data."""
        return mask_of(self.share.held)

    @property
    def label_space(self) -> int:
        """The mask of the classes its model scores."""
        return mask_of(self.share.label_space)

    @property
    def policy(self) -> PublicationPolicy:
        """The demonstration's data sets are public, so every player may publish."""
        return PublicationPolicy(True, "a public data set", DEMO_BUDGET)


@dataclass(frozen=True)
class Cast:
    """The deployer, the parties in order of registration, the refused newcomer and the miners."""

    deployer: Signer
    founders: tuple[Player, ...]
    regulars: tuple[Player, ...]
    intruder: Player
    miners: tuple[tuple[str, Signer], ...]

    @property
    def players(self) -> tuple[Player, ...]:
        """Everyone who is to be a member, in order of party id."""
        return self.founders + self.regulars


def choose_cast(settings: DemoSettings, chain: Chain, case: DataCase, directory: Path) -> Cast:
    """Give every party of the case an account, and cast one sender of bogus samples and one malicious newcomer."""
    accounts = chain.accounts()
    needed = len(case.parties) + 3
    if len(accounts) < needed:
        raise InputError(
            f"the chain offers {len(accounts)} unlocked accounts, this demonstration needs {needed}"
        )
    deployer, hired, stranger, *rest = (NodeSigner(chain, account) for account in accounts)
    numbers = [number for number, share in enumerate(case.parties) if share.original]
    numbers += [number for number, share in enumerate(case.parties) if not share.original]
    if all(share.original for share in case.parties):
        raise InputError(f"case {case.name} has no regular party, this demonstration needs one")
    bogus = numbers[-1]
    players = [
        _player(number, case.parties[number], signer, directory, sends_bogus=number == bogus)
        for number, signer in zip(numbers, rest, strict=False)
    ]
    founders = tuple(player for player in players if player.share.original)
    regulars = tuple(player for player in players if not player.share.original)
    # The intruder claims the first regular party's classes and trains on its data with swapped labels.
    intruder = Player(
        "intruder", regulars[0].share, stranger, Outbox(directory / "parties" / "intruder.json"), False, True
    )
    miners = (
        ("hired miner", hired),
        (founders[0].name, founders[0].signer),
        (regulars[0].name, regulars[0].signer),
    )
    return Cast(deployer, founders, regulars, intruder, miners)


def _player(number: int, share: CaseParty, signer: Signer, directory: Path, *, sends_bogus: bool) -> Player:
    name = f"share {number}"
    return Player(name, share, signer, Outbox(directory / "parties" / f"{number}.json"), sends_bogus)


def seeded_salt(settings: DemoSettings, *parts: object) -> bytes:
    """Return a salt that follows from the seed.

    Only a demonstration may do this: it makes two runs identical. Anybody else's salt comes from the operating system.
    """
    text = "|".join(str(part) for part in ("bema demo salt", settings.seed, *parts))
    return hashlib.sha256(text.encode()).digest()
