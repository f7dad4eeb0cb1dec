"""From a profile's [chain] to how the chain is asked and how transactions are sent on it."""

from collections.abc import Mapping
from math import ceil

from bema_py.chain.connection import Chain, connect
from bema_py.chain.send_policy import GWEI, SendPolicy
from bema_py.cli.profile import Profile, ProfileError

JOURNAL = "sent"
BOUNDS: Mapping[str, tuple[float, float]] = {
    "timeout": (0.001, 3600),
    "max_lag": (0, 1000),
    "max_fee_gwei": (0, 1e9),
    "priority_gwei": (0, 1e9),
    "gas_margin_percent": (0, 1000),
    "confirmations": (1, 1000),
    "send_timeout": (1, 86_400),
    "replace_after": (1, 86_400),
    "replacements": (0, 100),
}
"""The least and the most that a setting may be."""


def open_chain(profile: Profile) -> Chain:
    """Connect to the profile's chain and make sure it is the expected one.

    Raises `ProfileError`, `ChainUnreachableError`, `WrongChainError`.
    """
    section = profile.chain
    _check(profile)
    return connect(
        section.urls,
        expected_chain_id=section.chain_id,
        timeout=section.timeout,
        max_lag=section.max_lag,
        policy=send_policy(profile),
    )


def send_policy(profile: Profile) -> SendPolicy:
    """Give how the profile wants transactions sent; the journal lies in the state directory."""
    section = profile.chain
    return SendPolicy(
        max_fee=ceil(section.max_fee_gwei * GWEI) or None,
        priority=ceil(section.priority_gwei * GWEI) or None,
        gas_margin_percent=section.gas_margin_percent,
        confirmations=section.confirmations,
        timeout=section.send_timeout,
        replace_after=section.replace_after,
        replacements=section.replacements,
        journal=profile.resolve(profile.party.state) / JOURNAL,
    )


def _check(profile: Profile) -> None:
    section = profile.chain
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(section, name) <= most:
            _refuse(profile, name, f"{least:g} to {most:g}")
    if not section.urls:
        _refuse(profile, "url", "an endpoint")
    if len(set(section.urls)) < len(section.urls):
        _refuse(profile, "url", "each endpoint once")
    if len(section.urls) > 1 and section.chain_id is None:
        raise ProfileError(profile.path, "chain.chain_id is needed where chain.url lists several endpoints")
    if 0 < section.max_fee_gwei < section.priority_gwei:
        _refuse(profile, "priority_gwei", f"max_fee_gwei ({section.max_fee_gwei:g}) or less")


def _refuse(profile: Profile, name: str, bound: str) -> None:
    raise ProfileError(profile.path, f"chain.{name} is {getattr(profile.chain, name)!r}, {bound} is needed")
