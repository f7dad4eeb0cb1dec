"""A case with its parties registered and their local models trained: where a run begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bema_py.chain.events import EventPosition
from bema_py.chain.hashes import EthereumHash
from bema_py.core.hashing import sha256d
from bema_py.core.types import Address, BlockHash, PartyId, PartyType, mask_of
from bema_py.experiments.local_models import local_model
from bema_py.learning.cases import CaseParty, DataCase
from bema_py.learning.datasets import Dataset
from bema_py.learning.model import Model
from bema_py.learning.parties import TrainingJob, party_seed
from bema_py.learning.recipe import Recipe
from bema_py.learning.references import ReferenceSet
from bema_py.learning.widening import widen
from bema_py.roles.content import card_of
from bema_py.roles.history import RegisteredParty


@dataclass(frozen=True, eq=False)
class World:
    """What stands before the first block.

    members: the registered parties, ascending; party number n of the case has the id n + 1. models and private:
    every party's registered model and the data of its own that it may offer. references: what founders keep back as
    data witnesses, in their order; empty where the rules know none.
    """

    case: DataCase
    members: tuple[RegisteredParty, ...]
    models: Mapping[PartyId, Model]
    private: Mapping[PartyId, Dataset]
    references: Mapping[PartyId, ReferenceSet] = field(default_factory=dict)


def training_jobs(case: DataCase, seed: int, recipe: Recipe) -> list[TrainingJob]:
    """Give the local training of every party, in their order."""
    return [
        TrainingJob(party, case.public, party_seed(seed, number), recipe)
        for number, party in enumerate(case.parties)
    ]


def open_world(case: DataCase, seed: int, recipe: Recipe, directory: Path, *, widened: bool = False) -> World:
    """Register every party with its local model, trained now unless the directory keeps it.

    `widened` gives each model an output for every class (see `widen`).
    """
    jobs = training_jobs(case, seed, recipe)
    trained = [local_model(job, directory) for job in jobs]
    models = {
        PartyId(number): widen(model, range(case.classes)) if widened else model
        for number, model in enumerate(trained, 1)
    }
    members = tuple(
        registered(number, party, models[number]) for number, party in zip(models, case.parties, strict=True)
    )
    private = {number: party.private for number, party in zip(models, case.parties, strict=True)}
    return World(case, members, models, private)


def registered(number: PartyId, party: CaseParty, model: Model) -> RegisteredParty:
    """Give a party as its registration event would state it; account and position are made up from its number."""
    card, _ = card_of(model)
    return RegisteredParty(
        party=number,
        account=account_of(number),
        party_type=PartyType.ORIGINAL if party.original else PartyType.REGULAR,
        model_card=card.digest(),
        held_classes=mask_of(party.held),
        label_space=mask_of(model.classes),
        approvals=(),
        registered=position(0, number),
    )


def genesis_hash(seed: int) -> BlockHash:
    """Make up the hash that the first block builds on."""
    return BlockHash(sha256d(b"genesis" + seed.to_bytes(8, "big")))


def account_of(number: PartyId) -> Address:
    """Make up a party's account."""
    return Address(sha256d(b"account" + number.to_bytes(4, "big"))[:20])


def position(height: int, index: int) -> EventPosition:
    """Make up the position of an event: the Ethereum block is the height, the index orders within it."""
    return EventPosition(height, index, index, EthereumHash(bytes(32)), EthereumHash(bytes(32)), height)
