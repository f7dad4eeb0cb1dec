"""What an audit of a bundle rests on: which anchors the auditor supplied, and which the bundle only claims."""

from dataclasses import dataclass
from enum import StrEnum

from bema_py.chain.deployment import Deployment
from bema_py.core.types import Address, hex0x

DEVELOPMENT_CHAINS = frozenset({1337, 31337, 131277322940537})
"""Chain ids of Ganache and geth's own, of anvil and hardhat, of eth-tester."""


class Level(StrEnum):
    """What a bundle's proofs can show at most."""

    EVENTS = "events"
    DEVELOPMENT = "development"
    CHAIN = "chain"


MEANING = {
    Level.EVENTS: "no Ethereum headers or receipts: somebody states these events, nothing proves them",
    Level.DEVELOPMENT: "headers and receipts of a development chain: hashes and times prove no more than its operator",
    Level.CHAIN: "headers and receipts: events are proved under a block hash that you know from elsewhere",
}


@dataclass(frozen=True)
class Wanted:
    """What the auditor knows from elsewhere; None where nothing was supplied."""

    chain_id: int | None = None
    contract: Address | None = None
    block_hash: bytes | None = None


@dataclass(frozen=True)
class Anchors:
    """The anchors of one bundle: `last` is its last Ethereum block (number, hash), `last_event` that of its last event.

    `known_block` is the number of the header that has the supplied hash, None where there is none.
    """

    deployment: Deployment
    wanted: Wanted
    last: tuple[int, bytes] | None
    last_event: int
    known_block: int | None

    @property
    def level(self) -> Level:
        """What the bundle's proofs can show at most."""
        if self.last is None:
            return Level.EVENTS
        return Level.DEVELOPMENT if self.deployment.chain_id in DEVELOPMENT_CHAINS else Level.CHAIN

    @property
    def proven(self) -> bool:
        """Whether every event stands under a block hash that the auditor supplied."""
        return self.known_block is not None and self.known_block >= self.last_event

    def lines(self) -> list[str]:
        """Say what the audit rests on, most important first."""
        return [
            f"evidence    {self.level.value}: {MEANING[self.level]}",
            f"chain id    {self.deployment.chain_id} ({_source(self.wanted.chain_id is not None)})",
            f"contract    {hex0x(self.deployment.address)} ({_source(self.wanted.contract is not None)})",
            f"block hash  {self._block_hash()}",
        ]

    def _block_hash(self) -> str:
        last = f"the bundle ends with block {self.last[0]}, {hex0x(self.last[1])}" if self.last else ""
        if self.wanted.block_hash is None:
            return f"not supplied, so nothing is proven; {last or 'the bundle has none'}"
        if self.known_block is None:
            return (
                f"{hex0x(self.wanted.block_hash)} (supplied, not among its headers); {last or 'it has none'}"
            )
        later = "" if self.proven else f"; events up to block {self.last_event} are only claimed"
        name = hex0x(self.wanted.block_hash)
        return (
            f"{name} (supplied) is that of block {self.known_block}: what happened up to it is proven{later}"
        )

    def to_plain(self) -> dict[str, object]:
        """Return the anchors as JSON-ready values."""
        number, name = self.last or (None, None)
        supplied = {
            "chain_id": self.wanted.chain_id is not None,
            "contract": self.wanted.contract is not None,
            "block_hash": self.wanted.block_hash is not None,
        }
        return {
            "level": self.level.value,
            "meaning": MEANING[self.level],
            "chain_id": self.deployment.chain_id,
            "contract": hex0x(self.deployment.address),
            "last_block": number,
            "last_block_hash": name and hex0x(name),
            "last_event_block": self.last_event,
            "known_block": self.known_block,
            "block_hash": self.wanted.block_hash and hex0x(self.wanted.block_hash),
            "supplied": supplied,
            "proven": self.proven,
        }


def _source(supplied: bool) -> str:
    return "supplied" if supplied else "claimed by the bundle: compare it"
