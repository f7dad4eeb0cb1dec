"""A participant's profile: one TOML file that says which chain, content, account, data and consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args, get_origin

import typer

from bema_py.core.errors import InputError
from bema_py.core.toml_file import toml_file


class ProfileError(InputError):
    """A profile cannot be read or holds a value it must not."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"profile {path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True)
class ChainSection:
    """Where the chain answers, which deployment on it is meant, and how transactions are sent (docs/chain.md).

    url: one endpoint or several, of which the first that is well is asked. max_lag: blocks that one may be behind the
    others. index: the file of events that were read before; empty for one beside the deployment record, "off" for none.
    Times are seconds; a max_fee_gwei of 0 is no cap, a priority_gwei of 0 what recent blocks took.
    """

    url: str | list[str] = "http://127.0.0.1:8545"
    chain_id: int | None = None
    deployment: str = "deployment.json"
    timeout: float = 30.0
    max_lag: int = 5
    index: str = ""
    max_fee_gwei: float = 500.0
    priority_gwei: float = 0.0
    gas_margin_percent: int = 25
    confirmations: int = 1
    send_timeout: float = 180.0
    replace_after: float = 60.0
    replacements: int = 5

    @property
    def urls(self) -> list[str]:
        """Every endpoint, the preferred one first."""
        return [self.url] if isinstance(self.url, str) else self.url


@dataclass(frozen=True)
class ContentSection:
    """Where contents are kept: in a directory, or on IPFS nodes with the directory as their cache.

    nodes: multiaddresses of their APIs. quorum: nodes that must keep what is written, 0 for all. Seconds: to connect
    and without a byte, for a whole exchange, and for a search among a node's peers, 0 for none. attempts: times that
    a node is asked that does not answer.
    """

    directory: str = "content"
    nodes: list[str] = field(default_factory=list)
    quorum: int = 0
    idle_timeout: float = 10.0
    timeout: float = 60.0
    search_seconds: int = 30
    attempts: int = 3


@dataclass(frozen=True)
class AccountSection:
    """Who acts: an account that the node holds, or an encrypted keystore file.

    The keystore's password comes from a file, from an environment variable, or is asked for; never from an argument.
    """

    address: str = ""
    keystore: str = ""
    password_file: str = ""
    password_env: str = ""


@dataclass(frozen=True)
class PartySection:
    """A party's private state, and how it trains: its kind of model (empty: the data case's), steps and seed."""

    state: str = "state"
    architecture: str = ""
    steps: int = 600
    seed: int = 0


@dataclass(frozen=True)
class DataSection:
    """Which data a party learns from: one party's share of a data case over a data set."""

    dataset: str = "digits"
    directory: str = ""
    case: str = "D"
    party: int = 0
    seed: int = 0


@dataclass(frozen=True)
class PublicationSection:
    """What may leave the machine. A revealed sample is published to everyone, for ever."""

    publish_samples: bool = False
    cleared: str = ""
    budget: int = 0


@dataclass(frozen=True)
class ValidationSection:
    """An original party's limits on mean score differences, 0..1: omega of eq. 2, the least distance of two models."""

    omega: float = 0.0
    omega_min: float = 0.0
    approval_seconds: int = 86_400


@dataclass(frozen=True)
class NodeSection:
    """How `bema node` runs: its role, where it answers (port 0: any), which founders' nodes it asks.

    It looks at the chain every `poll` seconds. A miner takes batches on whose reveal `confirmations` Ethereum blocks
    lie, waits `gather` seconds of chain time for more after the first, and mines an empty block after `empty_after` (0:
    only to let newcomers in). A party looks through `scan` private records for at most `samples` a batch.
    """

    role: str = ""
    listen: str = "127.0.0.1:9100"
    founders: list[str] = field(default_factory=list)
    poll: float = 2.0
    confirmations: int = 1
    gather: int = 0
    empty_after: int = 0
    samples: int = 20
    scan: int = 500


@dataclass(frozen=True)
class FounderSection:
    """A founder in the deployment list."""

    account: str = ""
    held_classes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class DeploySection:
    """What a deployment fixes for ever, besides the rules.

    Work is in bits: a block hash starts with about as many zeros; retargeting and easing stop at `least_work_bits`.
    Spacing and window are seconds, bond and reward wei a block.
    """

    approvals_per_class: int = 1
    commitment_expiry: int = 1000
    work_bits: int = 16
    least_work_bits: int = 8
    block_spacing: int = 600
    retarget_interval: int = 144
    easing_spacings: int = 6
    challenge_window: int = 86_400
    quorum: int = 1
    bond: int = 0
    max_reward_per_block: int = 0
    founders: list[FounderSection] = field(default_factory=list)


@dataclass(frozen=True)
class Profile:
    """A participant's profile; relative paths in it start at the profile's own directory."""

    path: Path
    chain: ChainSection = field(default_factory=ChainSection)
    content: ContentSection = field(default_factory=ContentSection)
    account: AccountSection = field(default_factory=AccountSection)
    party: PartySection = field(default_factory=PartySection)
    data: DataSection = field(default_factory=DataSection)
    publication: PublicationSection = field(default_factory=PublicationSection)
    validation: ValidationSection = field(default_factory=ValidationSection)
    node: NodeSection = field(default_factory=NodeSection)
    deploy: DeploySection = field(default_factory=DeploySection)
    rules: Mapping[str, Any] = field(default_factory=dict)

    def resolve(self, name: str) -> Path:
        """Return a path of the profile, relative to its directory."""
        return (self.path.parent / Path(name).expanduser()).resolve()


def load_profile(path: Path) -> Profile:
    """Read a profile; unknown names and wrong types are refused with their place."""
    with toml_file(path, ProfileError) as plain:
        rules = plain.pop("rules", {})
    return Profile(path=path, rules=rules, **_sections(path, plain))


def _sections(path: Path, plain: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {entry.name: entry.type for entry in fields(Profile) if entry.name not in {"path", "rules"}}
    sections = {}
    for name, values in plain.items():
        if name not in kinds or not isinstance(values, dict):
            raise ProfileError(path, f"[{name}] is not a section; sections are {', '.join(kinds)}, rules")
        sections[name] = _section(path, name, kinds[name], values)
    return sections


def _section(path: Path, name: str, kind: Any, values: Mapping[str, Any]) -> Any:
    known = {entry.name: entry.type for entry in fields(kind)}
    read = {}
    for key, value in values.items():
        if key not in known:
            raise ProfileError(path, f"{name}.{key} is unknown; [{name}] takes {', '.join(known)}")
        read[key] = _value(path, f"{name}.{key}", known[key], value)
    return kind(**read)


def _value(path: Path, name: str, kind: Any, value: Any) -> Any:
    lists = [each for each in get_args(kind) if get_origin(each) is list]
    if lists and isinstance(value, list):
        (kind,) = lists
    if get_origin(kind) is list:
        (element,) = get_args(kind)
        if not isinstance(value, list):
            raise ProfileError(path, f"{name} is {value!r}, a list is needed")
        return [_value(path, f"{name}[{index}]", element, item) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return _section(path, name, kind, value)
    accepted = tuple(get_args(kind)) if isinstance(kind, UnionType) else (kind,)
    if float in accepted and type(value) is int:
        return float(value)
    # bool is an int to Python but not to a person.
    if type(value) not in accepted:
        raise ProfileError(
            path, f"{name} is {value!r}, {' or '.join(k.__name__ for k in accepted)} is needed"
        )
    return value


ProfileOption = Annotated[Path, typer.Option("--profile", "-p", help="The participant's profile (TOML).")]
