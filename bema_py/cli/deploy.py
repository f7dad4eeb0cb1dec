"""`bema deploy`: put the contract on a chain."""

from pathlib import Path
from typing import Any

from bema_py.chain import deployment as chain_deployment
from bema_py.chain.deployment_file import save_deployment
from bema_py.chain.parameters import Parameters
from bema_py.cli.chain_settings import open_chain
from bema_py.cli.opening import open_signer, open_store
from bema_py.cli.output import JsonOption, emit
from bema_py.cli.profile import DeploySection, Profile, ProfileError, ProfileOption, load_profile
from bema_py.core.checks import check_hex
from bema_py.core.errors import InputError, MalformedError
from bema_py.core.public_set import PublicSet
from bema_py.core.rules import Rules
from bema_py.core.types import Address, hex0x, mask_of
from bema_py.core.witness import WitnessRules
from bema_py.learning.npz import load_labelled
from bema_py.roles.sample_miner import samples_at

MAX_WORK_BITS = 64
RULE_LISTS = ("input", "alpha")


def deploy(profile: ProfileOption = Path("bema.toml"), as_json: JsonOption = False) -> None:
    """Deploy the contract with the profile's rules and founders, and write the deployment record.

    Example: bema deploy --profile founder.toml
    """
    settings = load_profile(profile)
    record = settings.resolve(settings.chain.deployment)
    if record.exists():
        raise InputError(f"{record} exists: a deployment is never overwritten")
    public = read_public_set(settings)
    rules = read_rules(settings, public)
    founders = _founders(settings)
    section = settings.deploy
    chain = open_chain(settings)
    store = open_store(settings)
    store.put_object(rules.to_bytes())
    if public is not None:
        store.put_object(public.to_bytes())
    made = chain_deployment.deploy(
        chain,
        open_signer(settings, chain),
        _parameters(profile, section, rules),
        founders,
    )
    save_deployment(made, record)
    values = {
        "address": hex0x(made.address),
        "chain_id": made.chain_id,
        "rules": hex0x(rules.digest()),
        "genesis": hex0x(made.genesis_hash),
        "record": str(record),
    }
    text = f"contract {values['address']} on chain {made.chain_id}, rules {values['rules']}; record written to {record}"
    emit(as_json, values, text)


def read_public_set(profile: Profile) -> PublicSet | None:
    """Return the samples of the file that [rules] names as its public set, if any."""
    name = profile.rules.get("public_set", "")
    if not isinstance(name, str):
        raise ProfileError(profile.path, f"rules.public_set is {name!r}, the path of an .npz file is needed")
    if not name:
        return None
    samples = load_labelled(profile.resolve(name))
    return PublicSet(samples_at(samples, range(len(samples))))


def read_rules(profile: Profile, public: PublicSet | None = None) -> Rules:
    """Return the rules object of the profile's [rules] section with the digest of its public set.

    Raises ProfileError, and InvalidObjectError for a public set that does not fit the rules.
    """
    values: dict[str, Any] = dict(profile.rules)
    values["public_set"] = b"" if public is None else public.digest()
    for name in RULE_LISTS:
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    if "witness" in values:
        values["witness"] = read_witness(profile, values["witness"])
    try:
        rules = Rules(**values)
    except TypeError as error:
        raise ProfileError(profile.path, f"[rules] is incomplete or has an unknown name ({error})") from error
    if public is not None:
        public.check(rules)
    return rules


def read_witness(profile: Profile, table: object) -> WitnessRules:
    """Return the data witness of the profile's [rules.witness]; the founders' reference roots are hexadecimal."""
    values = dict(table) if isinstance(table, dict) else {}
    named = values.get("references")
    if not isinstance(named, list) or len(named) != len(profile.deploy.founders):
        reason = f"rules.witness.references is {named!r}, a list of one reference root a founder is needed"
        raise ProfileError(profile.path, reason)
    try:
        roots = [check_hex("references", root, 32) for root in named]
        return WitnessRules.from_map(values | {"references": roots})
    except (InputError, MalformedError) as error:
        raise ProfileError(profile.path, f"[rules.witness]: {error}") from error


def _parameters(profile: Path, section: DeploySection, rules: Rules) -> Parameters:
    """Return what the deployment fixes, from the profile's [deploy] section and the rules."""
    return Parameters(
        rules_digest=rules.digest(),
        classes=rules.classes,
        approvals_per_class=section.approvals_per_class,
        commitment_expiry=section.commitment_expiry,
        target=_target(profile, "work_bits", section.work_bits),
        max_target=_target(profile, "least_work_bits", section.least_work_bits),
        block_spacing=section.block_spacing,
        retarget_interval=section.retarget_interval,
        easing_spacings=section.easing_spacings,
        challenge_window=section.challenge_window,
        quorum=section.quorum,
        bond=section.bond,
        max_reward_per_block=section.max_reward_per_block,
    )


def _target(profile: Path, name: str, bits: int) -> int:
    """Return the target that a hash meets with one chance in 2^bits."""
    if not 0 <= bits <= MAX_WORK_BITS:
        raise ProfileError(profile, f"deploy.{name} is {bits}, 0 to {MAX_WORK_BITS} are allowed")
    return int(min(2 ** (256 - bits), 2**256 - 1))


def _founders(profile: Profile) -> list[tuple[Address, int]]:
    try:
        return [
            (
                Address(check_hex("deploy.founders.account", founder.account, 20)),
                mask_of(founder.held_classes),
            )
            for founder in profile.deploy.founders
        ]
    except ValueError as error:
        raise ProfileError(profile.path, f"deploy.founders: {error}") from error
