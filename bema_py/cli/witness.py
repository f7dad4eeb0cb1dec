"""`bema op references`, `witness`, `failures`, `suspend-failing`: an original party as data witness (10b)."""

from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.opening import open_network, open_signer
from bema_py.cli.output import JsonOption, emit
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.cli.references import make_secret, open_references
from bema_py.core.errors import InputError
from bema_py.core.types import Address, PartyId, PartyType, hex0x
from bema_py.core.witness import Feature
from bema_py.roles.batches import eligible, load_listed
from bema_py.roles.failures import FailureRecord
from bema_py.roles.hearing import asked_about
from bema_py.roles.history import History
from bema_py.roles.network import ChainFollower, Network, read_ledger
from bema_py.roles.original_party import suspend_failing
from bema_py.roles.requests import write_vote
from bema_py.roles.statement_files import write_statement
from bema_py.roles.witness import state, witness_rules

DEFAULT_PROFILE = Path("bema.toml")


def references(
    plain: Annotated[bool, typer.Option(help="Compare bytes as they are, not strokes of images.")] = False,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Set references aside from the founder's data and print their root, for the rules of a deployment.

    Example: bema op references --profile founder.toml
    """
    settings = load_profile(profile)
    make_secret(settings)
    kind: Feature = "plain" if plain else "strokes"
    made = open_references(settings, kind)
    root, sizes = hex0x(made.root), {label: len(made.by_class[label]) for label in made.classes}
    counts = ", ".join(f"{size} of class {label}" for label, size in sizes.items())
    text = f"reference root {root} ({counts}); these records will never be offered as calibration samples"
    emit(as_json, {"root": root, "feature": kind, "references": sizes}, text)


def witness(
    out: Annotated[Path, typer.Option(help="The directory in which miners look for statements.")],
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """State how far the founder's references lie from every regular party's batch that waits for a block.

    Example: bema op witness --out statements --profile founder.toml
    """
    settings = load_profile(profile)
    network = open_network(settings)
    signer = open_signer(settings, network.contract.chain)
    history = network.history()
    founder = founder_of(history, signer.address)
    own = open_references(settings, witness_rules(network.rules).feature)
    authors = {party.party: party for party in history.authors_at(len(history.blocks) + 1)}
    ledger = read_ledger(network, history)
    now = network.contract.chain.head().timestamp + 1
    written = []
    for batch in eligible(history.batches, authors, ledger.listed, now):
        content = load_listed(network.store, batch, network.rules).batch
        if asked_about(authors, content):
            commitment = batch.commitment
            signed = state(network.deployment, signer, founder, own, commitment, content, network.rules)
            written.append(str(write_statement(out, signed)))
    emit(as_json, {"statements": written}, f"{len(written)} statements written to {out}")


def failures(profile: ProfileOption = DEFAULT_PROFILE, as_json: JsonOption = False) -> None:
    """Recompute the chain and list how often each author's samples were refused by the data witness.

    Example: bema op failures --profile founder.toml
    """
    network = open_network(load_profile(profile))
    limit = witness_rules(network.rules).limit
    record = _recompute(network, network.history())
    rows = [
        {"party": party, "sum": total, "failed_at": record.tip.failed.get(party)}
        for party, total in sorted(record.tip.sums.items())
    ]
    lines = [f"party {row['party']}: {row['sum']} of {limit}" + _failed(row["failed_at"]) for row in rows]
    emit(as_json, {"limit": limit, "authors": rows}, "\n".join(lines) or "no author was judged yet")


def suspend_failing_party(
    party: Annotated[int, typer.Argument(help="The party's number.")],
    until: Annotated[int, typer.Option(help="Chain time until which the vote counts; votes must agree.")],
    out: Annotated[Path, typer.Option(help="Where to write the signed vote.")] = Path("vote.json"),
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Sign a vote to suspend a party that failed the data witness too often; audits check that it did.

    Example: bema op suspend-failing 5 --until 1800000000 --out vote0.json
    """
    settings = load_profile(profile)
    network = open_network(settings)
    signer = open_signer(settings, network.contract.chain)
    history = network.history()
    record = _recompute(network, history)
    vote = suspend_failing(network, signer, PartyId(party), history, record.tip, until)
    write_vote(out, vote)
    emit(as_json, {"vote": str(out), "signer": hex0x(vote.signer)}, f"vote written to {out}")


def founder_of(history: History, account: Address) -> PartyId:
    """Return the founder who acts; raises InputError for any other account."""
    party = history.party_of(account)
    if party is None or party.party_type is not PartyType.ORIGINAL:
        raise InputError(f"account {hex0x(account)} is no registered original party")
    return party.party


def _recompute(network: Network, history: History) -> FailureRecord:
    record = FailureRecord(witness_rules(network.rules))
    ChainFollower(network).catch_up(
        history, on_block=lambda result: record.take(result.event, result.counted)
    )
    return record


def _failed(height: int | None) -> str:
    return "" if height is None else f", failed too often by block {height}"
