"""Who is in a local network: nodes with their roles, accounts, shares of the data and ports, kept in one file."""

import json
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bema_py.core.checks import check_integer
from bema_py.core.errors import InputError, MalformedError

CLASSES = 10
LOOPBACK = "127.0.0.1"
FILE = "network.json"
MOST = 40


class PlanFileError(MalformedError):
    """A local network's file cannot be read as one."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and the reason."""
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True)
class PlannedNode:
    """A node: `number` is its account among the chain's; `share` its part of the data, -1 where it holds none.

    `host` is the address where it answers.
    """

    name: str
    role: str
    number: int
    share: int
    port: int
    host: str = LOOPBACK

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class LocalPlan:
    """A local network; at `chain_host` a chain answers, and an IPFS node where `ipfs_port` is not 0."""

    chain_port: int
    nodes: tuple[PlannedNode, ...]
    chain_host: str = LOOPBACK
    ipfs_port: int = 0

    @property
    def chain_url(self) -> str:
        """Where the chain answers."""
        return f"http://{self.chain_host}:{self.chain_port}"

    @property
    def ipfs_address(self) -> str:
        """The multiaddress of the IPFS node's API."""
        return f"/ip4/{self.chain_host}/tcp/{self.ipfs_port}"

    @property
    def founders(self) -> tuple[PlannedNode, ...]:
        """The original parties."""
        return tuple(node for node in self.nodes if node.role == "original-party")

    @property
    def holders(self) -> tuple[PlannedNode, ...]:
        """Those with data: original and regular parties, by share."""
        return tuple(node for node in self.nodes if node.share >= 0)

    def save(self, directory: Path) -> None:
        """Write the plan."""
        plain = {
            "chain_host": self.chain_host,
            "chain_port": self.chain_port,
            "ipfs_port": self.ipfs_port,
            "nodes": [asdict(node) for node in self.nodes],
        }
        (directory / FILE).write_text(json.dumps(plain, indent=1) + "\n")


def load_plan(directory: Path) -> LocalPlan | None:
    """Read the plan of a directory, None where there is none; raises PlanFileError."""
    path = directory / FILE
    if not path.exists():
        return None
    try:
        plain = json.loads(path.read_text())
        nodes = tuple(PlannedNode(**node) for node in plain["nodes"])
        chain_host, ipfs_port = str(plain.get("chain_host", LOOPBACK)), int(plain.get("ipfs_port", 0))
        return LocalPlan(int(plain["chain_port"]), nodes, chain_host, ipfs_port)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlanFileError(path, f"it is not a local network ({error})") from error


def make_plan(
    founders: int, parties: int, miners: int, auditors: int, port: int, *, ipfs: bool = False
) -> LocalPlan:
    """Lay out a network; ports count up from `port`, or are any free ones where it is 0. Raises InputError."""
    for name, count, least in (
        ("founders", founders, 1),
        ("parties", parties, 0),
        ("miners", miners, 1),
        ("auditors", auditors, 0),
    ):
        check_integer(name, count, least, MOST)
    counts = {"original-party": founders, "party": parties, "miner": miners, "auditor": auditors}
    names = {"original-party": "founder"}
    ports = _ports(port, 1 + sum(counts.values()) + ipfs)
    chain_port = next(ports)
    nodes: list[PlannedNode] = []
    for role, count in counts.items():
        for index in range(count):
            share = len(nodes) if role in ("original-party", "party") else -1
            name = f"{names.get(role, role)}{index + 1}"
            nodes.append(PlannedNode(name, role, len(nodes), share, next(ports)))
    return LocalPlan(chain_port, tuple(nodes), ipfs_port=next(ports) if ipfs else 0)


def held_classes(plan: LocalPlan, node: PlannedNode) -> list[int]:
    """Return the classes that a node's data has: founders together hold all, parties three each."""
    founders = len(plan.founders)
    if node.share < founders:
        width = min(CLASSES, -(-CLASSES // founders) + 2)
        first = node.share * CLASSES // founders
    else:
        width, first = 3, 3 * (node.share - founders)
    return sorted({(first + step) % CLASSES for step in range(width)})


def _ports(first: int, count: int) -> Iterator[int]:
    if first:
        if first + count > 2**16:
            raise InputError(f"ports {first} to {first + count - 1} are needed, the highest is {2**16 - 1}")
        yield from range(first, first + count)
        return
    probes = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    found = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    yield from found
