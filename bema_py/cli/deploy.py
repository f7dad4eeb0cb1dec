"""`bema deploy`: put the contract on a chain."""

from pathlib import Path
from typing import Any

from bema_py.chain import deployment as chain_deployment
from bema_py.chain.deployment_file import save_deployment
from bema_py.cli.opening import open_chain, open_signer, open_store, parse_address
from bema_py.cli.output import JsonOption, emit
from bema_py.cli.profile import Profile, ProfileError, ProfileOption, load_profile
from bema_py.core.errors import InputError
from bema_py.core.rules import Rules
from bema_py.core.types import Address, hex0x, mask_of

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
    rules = read_rules(settings)
    founders = _founders(settings)
    section = settings.deploy
    if not 0 <= section.work_bits <= MAX_WORK_BITS:
        raise ProfileError(
            profile, f"deploy.work_bits is {section.work_bits}, 0 to {MAX_WORK_BITS} are allowed"
        )
    chain = open_chain(settings)
    open_store(settings).put_object(rules.to_bytes())
    made = chain_deployment.deploy(
        chain,
        open_signer(settings, chain),
        rules_digest=rules.digest(),
        classes=rules.classes,
        approvals_per_class=section.approvals_per_class,
        commitment_expiry=section.commitment_expiry,
        target=min(2 ** (256 - section.work_bits), 2**256 - 1),
        founders=founders,
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


def read_rules(profile: Profile) -> Rules:
    """Return the rules object of the profile's [rules] section."""
    values: dict[str, Any] = dict(profile.rules)
    for name in RULE_LISTS:
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    try:
        return Rules(**values)
    except TypeError as error:
        raise ProfileError(profile.path, f"[rules] is incomplete or has an unknown name ({error})") from error


def _founders(profile: Profile) -> list[tuple[Address, int]]:
    try:
        return [
            (parse_address(founder.account), mask_of(founder.held_classes))
            for founder in profile.deploy.founders
        ]
    except ValueError as error:
        raise ProfileError(profile.path, f"deploy.founders: {error}") from error
