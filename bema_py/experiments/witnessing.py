"""The data witness (10b) in a run: founders set references aside and state how far they lie from what others send."""

from collections.abc import Sequence
from dataclasses import replace

from bema_py.core.hashing import sha256d
from bema_py.core.rules import Rules
from bema_py.core.types import Digest, PartyId
from bema_py.core.witness import SIGNATURE_LENGTH, SignedStatement, WitnessRules
from bema_py.experiments.world import World
from bema_py.learning.references import reference_set, split_references
from bema_py.roles.assembly import ListedBatch
from bema_py.roles.hearing import asked_about
from bema_py.roles.witness import measure

_SIGNATURE = bytes(SIGNATURE_LENGTH)
"""A block's content does not depend on signatures: miners and auditors check them before they assemble."""


def with_references(world: World, seed: int) -> World:
    """Let every founder set its references aside, under a secret made up from the seed: they are no longer offered."""
    references, private = {}, dict(world.private)
    for number, party in zip(world.private, world.case.parties, strict=True):
        if party.original:
            secret = reference_secret(number, seed)
            chosen, rest = split_references(party.private, party.held, secret)
            references[number] = reference_set("strokes", party.private.select(chosen), secret)
            private[number] = party.private.select(rest)
    return replace(world, references=references, private=private)


def reference_secret(founder: PartyId, seed: int) -> bytes:
    """Make up the secret that a founder's choice of references follows from."""
    return sha256d(b"references" + seed.to_bytes(8, "big") + founder.to_bytes(4, "big"))


def witness_rules(roots: Sequence[Digest]) -> WitnessRules:
    """Give the rules of the data witness as chosen on held-out samples, for founders with these reference roots."""
    return WitnessRules(
        feature="strokes",
        references=tuple(roots),
        witnesses=1,
        ratio=(19, 21),
        farthest=0,
        # 1000 log(.40 / .10) and 1000 log(.90 / .60): the refusal rates of a bad and a good author.
        penalty=1386,
        relief=405,
        limit=10_000,
    )


def witnessed(rules: Rules, world: World) -> Rules:
    """Give the rules with the data witness, where the founders of the world have references; else as they are.

    A suspended author's model stays: nobody loses what it was registered for.
    """
    if not world.references:
        return rules
    witness = witness_rules([own.root for own in world.references.values()])
    return replace(rules, witness=witness, suspended_models="stay")


def heard(entry: ListedBatch, world: World, rules: Rules) -> ListedBatch:
    """Add the statements of all founders about a regular party's batch."""
    if not asked_about({member.party: member for member in world.members}, entry.batch):
        return entry
    statements = tuple(
        SignedStatement(measure(founder, own, entry.on_chain.commitment, entry.batch, rules), _SIGNATURE)
        for founder, own in world.references.items()
    )
    return replace(entry, statements=statements)
