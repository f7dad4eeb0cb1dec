"""From a profile to working parts: chain, signer, network, data."""

import getpass
from dataclasses import replace
from pathlib import Path

from bema_py.chain.connection import Chain
from bema_py.chain.deployment import open_contract
from bema_py.chain.deployment_file import load_deployment
from bema_py.chain.event_index import open_index
from bema_py.chain.keystore import (
    PasswordSource,
    open_keystore,
    password_from_environment,
    password_from_file,
)
from bema_py.chain.signers import NodeSigner, Signer
from bema_py.cli.chain_settings import open_chain
from bema_py.cli.profile import Profile, ProfileError, load_profile
from bema_py.core.checks import check_hex
from bema_py.core.errors import InputError
from bema_py.core.types import Address
from bema_py.learning.cases import CaseParty, DataCase, build_case
from bema_py.learning.datasets import SplitDataset
from bema_py.learning.kinds import find_kind
from bema_py.learning.sources import load_dataset
from bema_py.roles.content import ModelCache, load_rules
from bema_py.roles.network import Network
from bema_py.roles.outbox import Outbox
from bema_py.roles.run_record import read_run
from bema_py.roles.stories.archive import Archive, archive_of_network, archive_of_run
from bema_py.storage.block_store import BlockStore
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_node import IpfsNode
from bema_py.storage.ipfs_store import IpfsStore, Retries

NO_INDEX = "off"


def open_store(profile: Profile) -> BlockStore:
    """Open the profile's content: its IPFS nodes behind its directory, or the directory alone."""
    directory = DirectoryStore(profile.resolve(profile.content.directory))
    return open_nodes(profile, directory) if profile.content.nodes else directory


def open_nodes(profile: Profile, cache: DirectoryStore) -> IpfsStore:
    """Open the profile's IPFS nodes with a cache in front."""
    section = profile.content
    for name in ("idle_timeout", "timeout", "attempts"):
        if getattr(section, name) <= 0:
            raise ProfileError(
                profile.path, f"content.{name} is {getattr(section, name)}, more than 0 is needed"
            )
    if section.search_seconds < 0:
        raise ProfileError(
            profile.path, f"content.search_seconds is {section.search_seconds}, 0 or more is needed"
        )
    nodes = [
        IpfsNode(address, section.idle_timeout, section.timeout, section.search_seconds)
        for address in section.nodes
    ]
    search = section.search_seconds > 0
    return IpfsStore(nodes, cache, quorum=section.quorum, search=search, retries=Retries(section.attempts))


def open_network(profile: Profile) -> Network:
    """Open the deployment that the profile names, with its rules and content."""
    deployment = load_deployment(profile.resolve(profile.chain.deployment))
    contract = open_contract(open_chain(profile), deployment)
    store = open_store(profile)
    rules = load_rules(store, deployment.rules_digest)
    path = index_path(profile)
    index = None
    if path is not None:
        index = open_index(path, contract.chain, deployment.address, deployment.block_number)
    return Network(contract, deployment, store, rules, ModelCache(store), index)


def index_path(profile: Profile) -> Path | None:
    """Return the file of the profile's event index, None where it wants none."""
    section = profile.chain
    if section.index == NO_INDEX:
        return None
    return profile.resolve(section.index or f"{section.deployment}.events.sqlite")


def open_archive(run: Path | None, profile: Path) -> Archive:
    """Open what stories are told from: a run directory, or without one the profile's live network."""
    if run is None:
        return archive_of_network(open_network(load_profile(profile)))
    if not run.is_dir():
        raise InputError(f"{run} is not a run directory")
    return archive_of_run(read_run(run))


def open_signer(profile: Profile, chain: Chain) -> Signer:
    """Return who acts for this profile."""
    section = profile.account
    if section.keystore:
        return open_keystore(profile.resolve(section.keystore), password_source(profile))
    if not section.address:
        raise ProfileError(profile.path, "[account] names neither an address nor a keystore")
    return NodeSigner(chain, Address(check_hex("account.address", section.address, 20)))


def password_source(profile: Profile) -> PasswordSource:
    """Return where the keystore's password comes from: a file, a variable, or a question."""
    section = profile.account
    if section.password_file:
        return password_from_file(profile.resolve(section.password_file))
    if section.password_env:
        return password_from_environment(section.password_env)
    return lambda: getpass.getpass("Keystore password: ")


def open_dataset(profile: Profile) -> SplitDataset:
    """Return the profile's data set."""
    section = profile.data
    directory = profile.resolve(section.directory) if section.directory else None
    return load_dataset(name_or_file(profile, section.dataset, ".npz"), directory)


def open_case(profile: Profile) -> DataCase:
    """Return the data case the profile's party takes its share from."""
    case = name_or_file(profile, profile.data.case, ".toml")
    return build_case(case, open_dataset(profile), profile.data.seed)


def name_or_file(profile: Profile, value: str, ending: str) -> str:
    """Return a name as it is, and the path of a file of the user's own as the profile means it."""
    return str(profile.resolve(value)) if value.endswith(ending) else value


def open_share(profile: Profile) -> CaseParty:
    """Return the profile's share of its data case."""
    return party_share(profile, open_case(profile))


def party_share(profile: Profile, case: DataCase) -> CaseParty:
    """Return the profile's party of a case, with the architecture the profile may choose instead of the case's."""
    number = profile.data.party
    if not 0 <= number < len(case.parties):
        raise ProfileError(
            profile.path, f"data.party is {number}, case {case.name} has parties 0 to {len(case.parties) - 1}"
        )
    share = case.parties[number]
    if not profile.party.architecture:
        return share
    wanted = name_or_file(profile, profile.party.architecture, ".toml")
    find_kind(wanted)
    return replace(share, architecture=wanted)


def open_outbox(profile: Profile) -> Outbox:
    """Open the party's private record of offered samples."""
    return Outbox(state_directory(profile) / "outbox.json")


def state_directory(profile: Profile) -> Path:
    """Return the directory of a party's private state."""
    return profile.resolve(profile.party.state)
