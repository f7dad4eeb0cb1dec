"""The founding of a long history's network, and how its parties join one after the other."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bema_py.bench.long_cast import LongCast, LongPlayer
from bema_py.chain.connection import Chain
from bema_py.chain.deployment import Deployment, deploy, open_contract
from bema_py.chain.deployment_file import load_deployment, save_deployment
from bema_py.chain.event_index import open_index
from bema_py.core.rules import Rules
from bema_py.core.types import ModelDigest, PartyId, hex0x, mask_of, unhex
from bema_py.demo.founding import fund_pool, parameters_under, register_founders
from bema_py.learning.model import Model
from bema_py.learning.parties import train_all
from bema_py.roles.content import ModelCache, load_model, publish_model
from bema_py.roles.network import Network
from bema_py.roles.original_party import RegistrationRequest, Thresholds, approve, validate
from bema_py.roles.run_record import DEPLOYMENT
from bema_py.storage.content_store import ContentStore

SCORE, STEP = 2**24, 2**30
INTERVAL, QUORUM = 20, 3
BOND, FUNDING, MOST = 10**15, 10**19, 10**15
WORK_BITS, LEAST_WORK_BITS = 8, 6
"""A few hundred hashes: what is measured is not the search for nonces."""
LIMITS = Thresholds(omega=SCORE, omega_min=1)
FOREVER = 2**40
INDEX = "events.sqlite"

RULES = Rules(
    classes=10,
    input=(1, 8, 8),
    alpha=(1, 1),
    delta=round(0.2 * SCORE),
    sigma=round(0.5 * SCORE),
    step_initial=round(0.004 * STEP),
    step_decay=round(0.995 * STEP),
    step_minimum=round(0.0004 * STEP),
    cap=2**18,
    mode="log",
    wrong_class="largest",
    round_size=20,
    max_samples=12,
    max_batch_samples=16,
    block_reward=10**14,
    sample_reward=10**13,
)


def found(chain: Chain, cast: LongCast, store: ContentStore, directory: Path) -> Network:
    """Deploy the contract, or open the deployment that an interrupted run made."""
    store.put_object(RULES.to_bytes())
    record = directory / DEPLOYMENT
    deployment = load_deployment(record) if record.exists() else _deploy(chain, cast)
    save_deployment(deployment, record)
    contract = open_contract(chain, deployment)
    index = open_index(directory / INDEX, chain, deployment.address, deployment.block_number)
    return Network(contract, deployment, store, RULES, ModelCache(store), index)


def _deploy(chain: Chain, cast: LongCast) -> Deployment:
    parameters = replace(
        parameters_under(RULES),
        target=2 ** (256 - WORK_BITS),
        max_target=2 ** (256 - LEAST_WORK_BITS),
        retarget_interval=INTERVAL,
        quorum=QUORUM,
        bond=BOND,
        max_reward_per_block=MOST,
    )
    founders = [(player.signer.address, player.held_classes) for player in cast.founders]
    return deploy(chain, cast.deployer, parameters, founders=founders)


def train(cast: LongCast, store: ContentStore, record: Path, seed: int) -> Mapping[int, Model]:
    """Train every model once; an interrupted run finds those that it had finished."""
    kept: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    jobs = {name: job for name, job in cast.jobs(seed).items() if name not in kept}
    for name, model in zip(jobs, train_all(list(jobs.values())), strict=True):
        kept[name] = hex0x(publish_model(store, model))
        record.write_text(json.dumps(kept, indent=1) + "\n")
    return {int(name): load_model(store, ModelDigest(unhex(digest))) for name, digest in kept.items()}


def open_genesis(network: Network, cast: LongCast, models: Mapping[int, Model]) -> None:
    """Fund the pool and register the founders, as far as that was not done yet."""
    fund_pool(network, cast.deployer, FUNDING)
    register_founders(network, [(player.signer, models[player.number]) for player in cast.founders])


def admit(network: Network, cast: LongCast, player: LongPlayer, models: Mapping[int, Model]) -> None:
    """Let two founders, who hold all classes between them, validate a newcomer, and register it."""
    model = models[player.number]
    request = RegistrationRequest(
        player.signer.address,
        publish_model(network.store, model),
        player.held_classes,
        mask_of(model.classes),
    )
    approvals = []
    for founder in cast.founders[:2]:
        if founder.held_classes & player.held_classes:
            own = models[founder.number]
            others = {PartyId(founder.number): own}
            checked = validate(
                own, founder.held_classes, founder.share.private, model, request, others, LIMITS
            )
            approvals.append(
                approve(network, founder.signer, request, checked, nonce=player.number, deadline=FOREVER)
            )
    network.contract.register_regular_party(
        player.signer, request.model_card, request.held_classes, request.label_space, approvals
    )
