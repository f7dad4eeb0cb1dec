"""Founders' statements as miners and auditors hear them: which count, and what they say (10b). **Extension**."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from bema_py.chain.deployment import Deployment
from bema_py.chain.errors import SignatureError
from bema_py.chain.statements import check_statement_signature
from bema_py.core.batch import Batch
from bema_py.core.checks import FieldLengthError
from bema_py.core.errors import MalformedError
from bema_py.core.rules import Rules
from bema_py.core.types import Commitment, Digest, PartyId, PartyType, classes_of, hex0x
from bema_py.core.witness import (
    MAX_STATEMENTS_SIZE,
    NEIGHBOURS,
    SignedStatement,
    Statement,
    StatementList,
    WitnessRules,
)
from bema_py.learning.margin import Verdict
from bema_py.learning.witness import Distances, objections, pooled_distances
from bema_py.roles.history import RegisteredParty
from bema_py.storage.content_store import ContentStore

Parties = Mapping[PartyId, RegisteredParty]
StatementSource = Callable[[Commitment], Sequence[SignedStatement]]
"""Where a miner finds the statements that founders made about a batch."""


def no_statements(_: Commitment) -> Sequence[SignedStatement]:
    """Give none, as where the rules know no data witness."""
    return ()


class FalseStatementError(MalformedError):
    """A statement that does not count."""

    def __init__(self, founder: PartyId, commitment: Commitment, reason: str) -> None:
        """Keep who stated it, about which batch, and what is wrong."""
        self.founder, self.commitment, self.reason = founder, commitment, reason
        super().__init__(
            f"party {founder}'s statement about batch {hex0x(commitment)} does not count: {reason}"
        )


class UnheardError(MalformedError):
    """Too few founders were heard about a regular party's batch."""

    def __init__(self, commitment: Commitment, label: int, heard: int, required: int) -> None:
        """Keep the batch, the first class that lacks statements, their number and the number required."""
        self.commitment, self.label, self.heard, self.required = commitment, label, heard, required
        super().__init__(
            f"batch {hex0x(commitment)}: {heard} founders with references of class {label} were heard, "
            f"{required} are required"
        )


def asked_about(parties: Parties, batch: Batch) -> bool:
    """Whether founders are asked about a batch: its author is a regular party."""
    author = parties.get(batch.party)
    return author is not None and author.party_type is PartyType.REGULAR


def check_statement(
    deployment: Deployment, authors: Parties, commitment: Commitment, batch: Batch, signed: SignedStatement
) -> None:
    """Raise FalseStatementError unless a founder among the authors signed this about the whole batch."""
    statement = signed.statement
    founder = authors.get(statement.founder)

    def refuse(reason: str) -> FalseStatementError:
        return FalseStatementError(statement.founder, commitment, reason)

    if statement.commitment != commitment:
        raise refuse(f"it is about batch {hex0x(statement.commitment)}")
    if not asked_about(authors, batch):
        raise refuse(f"party {batch.party} is a founder, whose samples are not asked about")
    if founder is None or founder.party_type is not PartyType.ORIGINAL:
        raise refuse("who states it is no founder among the authors")
    try:
        statement.check_size(len(batch.samples), len(classes_of(founder.held_classes)))
        check_statement_signature(deployment.chain_id, deployment.address, signed, founder.account)
    except (FieldLengthError, SignatureError) as error:
        raise refuse(str(error)) from error


def check_heard(
    authors: Parties,
    commitment: Commitment,
    batch: Batch,
    statements: Iterable[SignedStatement],
    witness: WitnessRules,
) -> None:
    """Raise UnheardError unless enough founders were heard about a regular party's batch.

    For each class `witnesses` of the founders who hold it, among the authors, or all of them if they are fewer.
    """
    if not asked_about(authors, batch):
        return
    heard = {signed.statement.founder for signed in statements}
    founders = [party for party in authors.values() if party.party_type is PartyType.ORIGINAL]
    for label in sorted({label for founder in founders for label in classes_of(founder.held_classes)}):
        holders = {founder.party for founder in founders if founder.held_classes >> label & 1}
        required = min(witness.witnesses, len(holders))
        if len(holders & heard) < required:
            raise UnheardError(commitment, label, len(holders & heard), required)


def counting_statements(
    deployment: Deployment,
    authors: Parties,
    commitment: Commitment,
    batch: Batch,
    given: Iterable[SignedStatement],
) -> tuple[SignedStatement, ...]:
    """Return the statements that count, one a founder, ascending by founder."""
    counting: dict[PartyId, SignedStatement] = {}
    for signed in given:
        with suppress(FalseStatementError):
            check_statement(deployment, authors, commitment, batch, signed)
            counting.setdefault(signed.statement.founder, signed)
    return tuple(counting[founder] for founder in sorted(counting))


def batch_objections(
    parties: Parties, batch: Batch, statements: Iterable[SignedStatement], rules: Rules
) -> tuple[Verdict | None, ...]:
    """Return what the founders' references hold against each sample of a batch (10b), None where nothing."""
    if rules.witness is None or not asked_about(parties, batch):
        return (None,) * len(batch.samples)
    heard = [stated_distances(parties, signed.statement, len(batch.samples)) for signed in statements]
    pooled = pooled_distances(heard, len(batch.samples), rules.classes)
    return objections(pooled, [sample.y for sample in batch.samples], rules.witness)


def stated_distances(
    parties: Parties, statement: Statement, samples: int
) -> tuple[tuple[int, ...], Distances]:
    """Return a founder's held classes and its distances (samples, held classes, NEIGHBOURS)."""
    held = classes_of(parties[statement.founder].held_classes)
    distances = np.frombuffer(statement.distances, dtype=">u4").astype(np.int64)
    return held, distances.reshape(samples, len(held), NEIGHBOURS)


def load_statements(store: ContentStore, digest: Digest) -> StatementList:
    """Read the statements that a block rests on."""
    return StatementList.from_bytes(store.get_object(digest, max_size=MAX_STATEMENTS_SIZE))
