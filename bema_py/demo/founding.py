"""The founding of the demonstration's network: contract and founders."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bema_py.chain.connection import Chain
from bema_py.chain.deployment import deploy, open_contract
from bema_py.chain.deployment_file import load_deployment, save_deployment
from bema_py.chain.parameters import Parameters
from bema_py.chain.signers import Signer
from bema_py.core.rules import Rules
from bema_py.core.types import mask_of
from bema_py.demo.cast import Cast
from bema_py.demo.settings import (
    APPROVALS_PER_CLASS,
    BLOCK_SPACING,
    BOND,
    CHALLENGE_WINDOW,
    COMMITMENT_EXPIRY,
    FUNDING,
    LEAST_WORK_BITS,
    MAX_REWARD_PER_BLOCK,
    QUORUM,
    RETARGET_INTERVAL,
    WORK_BITS,
    DemoSettings,
)
from bema_py.learning.cases import DataCase
from bema_py.learning.model import Model
from bema_py.roles.content import ModelCache, publish_model
from bema_py.roles.network import Network
from bema_py.roles.run_record import DEPLOYMENT
from bema_py.storage.directory_store import DirectoryStore


def found_network(
    settings: DemoSettings, chain: Chain, case: DataCase, cast: Cast, store: DirectoryStore, directory: Path
) -> Network:
    """Deploy the contract with the cast's founders, or open the deployment an interrupted run made."""
    rules = replace(settings.tuning.rules, classes=case.classes, input=case.test.shape)
    record = directory / DEPLOYMENT
    if record.exists():
        deployment = load_deployment(record)
    else:
        store.put_object(rules.to_bytes())
        founders = [(player.signer.address, player.held_classes) for player in cast.founders]
        deployment = deploy(chain, cast.deployer, parameters_under(rules), founders=founders)
        save_deployment(deployment, record)
    return Network(open_contract(chain, deployment), deployment, store, rules, ModelCache(store))


def parameters_under(rules: Rules) -> Parameters:
    """Give what the demonstration's contract fixes for ever under these rules."""
    return Parameters(
        rules_digest=rules.digest(),
        classes=rules.classes,
        approvals_per_class=APPROVALS_PER_CLASS,
        commitment_expiry=COMMITMENT_EXPIRY,
        target=2 ** (256 - WORK_BITS),
        max_target=2 ** (256 - LEAST_WORK_BITS),
        block_spacing=BLOCK_SPACING,
        retarget_interval=RETARGET_INTERVAL,
        challenge_window=CHALLENGE_WINDOW,
        quorum=QUORUM,
        bond=BOND,
        max_reward_per_block=MAX_REWARD_PER_BLOCK,
    )


def fund_pool(network: Network, payer: Signer, amount: int = FUNDING) -> None:
    """Pay so many wei into the pool that rewards come from, before the first block can allot anything."""
    if not network.history().funding:
        network.contract.fund(payer, amount)


def register_founders(network: Network, founders: Iterable[tuple[Signer, Model]]) -> None:
    """Register the founders that are not registered yet; the last one closes the genesis phase."""
    registered = {party.account for party in network.history().parties.values()}
    for signer, model in founders:
        if signer.address not in registered:
            digest = publish_model(network.store, model)
            network.contract.register_original_party(signer, digest, mask_of(model.classes))
