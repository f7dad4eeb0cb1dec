"""`bema party`: train a model, register it, submit calibration samples."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bema_py.chain.signers import Signer
from bema_py.cli.opening import (
    open_case,
    open_network,
    open_outbox,
    open_share,
    open_signer,
    open_store,
    party_share,
    state_directory,
)
from bema_py.cli.output import JsonOption, emit, progress, table
from bema_py.cli.profile import Profile, ProfileOption, load_profile
from bema_py.cli.references import without_references
from bema_py.core.batch import Sample
from bema_py.core.errors import InputError, PolicyError
from bema_py.core.types import Address, ModelDigest, hex0x, mask_of, unhex
from bema_py.learning.parties import TrainingJob
from bema_py.learning.recipe import Recipe, suited
from bema_py.roles.content import load_card, publish_model
from bema_py.roles.network import Network, read_ledger
from bema_py.roles.original_party import RegistrationRequest
from bema_py.roles.outbox import Outbox
from bema_py.roles.requests import read_approvals, write_request
from bema_py.roles.sample_miner import (
    PublicationPolicy,
    choose_scan,
    commit,
    find_samples,
    prepare_batch,
    reveal,
    settle,
)
from bema_py.storage.atomic_file import write_atomically

MODEL_FILE = "model"
DEFAULT_PROFILE = Path("bema.toml")


def train(
    architecture: Annotated[
        str,
        typer.Option(help="lenet5, lenet4, mlp, linear, svm or FILE.toml, in place of the profile's."),
    ] = "",
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Train the party's model on its private data and store it as content.

    Example: bema party train --profile party.toml --architecture wide.toml
    """
    settings = load_profile(profile)
    if architecture:
        # A path on the command line starts here, not at the profile.
        chosen = str(Path(architecture).resolve()) if architecture.endswith(".toml") else architecture
        settings = replace(settings, party=replace(settings.party, architecture=chosen))
    with progress(as_json) as bars:
        task = bars.add_task("training")
        digest = train_model(settings, lambda done, total: bars.update(task, completed=done, total=total))
    emit(as_json, {"model": hex0x(digest)}, f"model {hex0x(digest)} trained and stored")


def train_model(settings: Profile, on_step: Callable[[int, int], None]) -> ModelDigest:
    """Train the profile's party, store its model as content and record its digest."""
    case = open_case(settings)
    share = party_share(settings, case)
    recipe = suited(Recipe(settings.party.steps), share.private)
    model = TrainingJob(share, case.public, settings.party.seed, recipe).run(on_step)
    digest = publish_model(open_store(settings), model)
    path = model_file(settings)
    write_atomically(path, (hex0x(digest) + "\n").encode(), path.parent / "unfinished")
    return digest


def request(
    out: Annotated[Path, typer.Option(help="Where to write the request.")] = Path("request.json"),
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Write the registration request that founders need to approve the trained model.

    Example: bema party request --profile party.toml --out request.json
    """
    settings = load_profile(profile)
    network = open_network(settings)
    wanted = registration_request(settings, open_signer(settings, network.contract.chain).address)
    write_request(out, wanted)
    emit(as_json, {"request": str(out), "model": hex0x(wanted.model_card)}, f"request written to {out}")


def register(
    approval: Annotated[list[Path] | None, typer.Option(help="An approval file; repeat for several.")] = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Register the trained model: a founder in the genesis phase, anybody else with approvals.

    Example: bema party register --profile party.toml --approval founder1.json --approval founder2.json
    """
    settings = load_profile(profile)
    network = open_network(settings)
    signer = open_signer(settings, network.contract.chain)
    wanted = registration_request(settings, signer.address)
    if signer.address in {founder.account for founder in network.deployment.founders}:
        party = network.contract.register_original_party(
            signer, wanted.model_card, wanted.label_space
        ).event.party
    else:
        approvals = read_approvals(approval or [])
        party = network.contract.register_regular_party(
            signer, wanted.model_card, wanted.held_classes, wanted.label_space, approvals
        ).event.party
    emit(as_json, {"party": party, "account": hex0x(signer.address)}, f"registered as party {party}")


def submit(
    count: Annotated[int, typer.Option(min=1, help="Most samples to submit.")] = 20,
    scan: Annotated[int, typer.Option(min=1, help="How many private records to look through.")] = 500,
    dry_run: Annotated[bool, typer.Option(help="Show exactly what would be published, and stop.")] = False,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Find valid calibration samples in the private data, commit to them and reveal them.

    A revealed sample is a raw record: it is published to everyone, for ever, also if it is judged invalid.

    Example: bema party submit --profile party.toml --count 20 --dry-run
    """
    settings = load_profile(profile)
    section = settings.publication
    policy = PublicationPolicy(section.publish_samples, section.cleared, section.budget)
    network = open_network(settings)
    signer = open_signer(settings, network.contract.chain)
    outbox = open_outbox(settings)
    if not dry_run:
        policy.admit(len(outbox.offered), 0)
        _settle(network, signer, outbox)
    samples = _find(settings, network, signer, outbox, count, scan)
    if dry_run or not samples:
        rows = [(index, sample.y, len(sample.x), hex0x(sample.id())) for index, sample in enumerate(samples)]
        shown = table(
            "these records would be published, for ever", ("index", "class", "bytes", "sample id"), rows
        )
        emit(as_json, {"published": False, "samples": [row[3] for row in rows]}, shown)
        return
    commitment = _publish(network, signer, outbox, samples, policy)
    emit(
        as_json,
        {"published": True, "commitment": commitment, "samples": [hex0x(sample.id()) for sample in samples]},
        f"{len(samples)} samples committed and revealed as batch {commitment}",
    )


def _find(
    settings: Profile, network: Network, signer: Signer, outbox: Outbox, count: int, scan: int
) -> tuple[Sample, ...]:
    history = network.history()
    authors = {party.account for party in history.authors_at(len(history.blocks) + 1)}
    if signer.address not in authors:
        raise PolicyError(
            "this account is no author: a party is one from the block after its registration until it is suspended"
        )
    share = open_share(settings)
    private = without_references(settings, share.private, share.held)
    part = choose_scan(private, outbox, settings.party.seed, scan)
    with progress() as bars:
        task = bars.add_task("looking through private records")
        return find_samples(
            network,
            history,
            read_ledger(network, history),
            part,
            min(count, network.rules.max_batch_samples),
            lambda _, done, total: bars.update(task, completed=done, total=total),
        )


def _publish(
    network: Network, signer: Signer, outbox: Outbox, samples: Sequence[Sample], policy: PublicationPolicy
) -> str:
    party = network.contract.party_of(signer.address)
    if party is None:
        raise InputError(f"account {hex0x(signer.address)} is not registered")
    pending = prepare_batch(network, party, tuple(samples))
    commit(network, signer, outbox, pending, policy)
    network.contract.chain.advance(1)
    reveal(network, signer, outbox)
    return hex0x(pending.commitment)


def _settle(network: Network, signer: Signer, outbox: Outbox) -> None:
    """Finish what an interrupted submission left; that may take one Ethereum block."""
    while not settle(network, network.history(), signer, outbox):
        network.contract.chain.advance(1)


def model_file(settings: Profile) -> Path:
    """Return the file that records which model the party trained."""
    return state_directory(settings) / MODEL_FILE


def registration_request(settings: Profile, account: Address) -> RegistrationRequest:
    """Return what founders need to approve the trained model; raises InputError where none was trained."""
    path = model_file(settings)
    try:
        digest = ModelDigest(unhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        raise InputError(f"no trained model is recorded in {path}: run `bema party train` first") from error
    card = load_card(open_store(settings), digest)
    return RegistrationRequest(account, digest, mask_of(open_share(settings).held), mask_of(card.classes))
