"""Small worlds on a chain that the chain's tests start from."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bema_py.chain.approvals import Approval, sign_approval
from bema_py.chain.connection import Chain, connect
from bema_py.chain.contract import BemaContract
from bema_py.chain.deployment import Deployment, deploy, open_contract
from bema_py.chain.errors import ChainUnreachableError
from bema_py.chain.parameters import Parameters
from bema_py.chain.signers import NodeSigner
from bema_py.core.header import BlockHeader, miner_info_hash
from bema_py.core.nonce import search_nonce
from bema_py.core.types import BlockHash, Digest, ModelDigest, PartyType

_BUILDS = Path(__file__).parent / "tools/node_modules/@foundry-rs"
ANVIL = next(_BUILDS.glob("anvil-*/bin/anvil"), _BUILDS / "anvil")

LOW = 0b0000011111
HIGH = 0b1111100000
ALL = LOW | HIGH
TARGET = 1 << 252
EXPIRY = 5
RULES = Digest(b"\x11" * 32)
FAR = 1 << 40
STEADY = {
    "max_target": TARGET,
    "block_spacing": 1 << 31,
    "challenge_window": 1000,
    "quorum": 1,
}
"""Parameters under which every block has the same target."""


@dataclass(frozen=True)
class World:
    """A deployed contract with two founders, accounts 0 (classes 0-4) and 1 (5-9), and outsiders."""

    chain: Chain
    deployment: Deployment
    contract: BemaContract

    def account(self, index: int) -> NodeSigner:
        return node_signer(self.chain, index)


def node_signer(chain: Chain, index: int) -> NodeSigner:
    """One of the accounts that a development chain keeps unlocked."""
    return NodeSigner(chain, chain.accounts()[index])


def new_world(chain: Chain, **changes: int) -> World:
    """Deploy; unless changed the chain keeps its target, has no money, and one founder is a quorum."""
    founders = [(node_signer(chain, 0).address, LOW), (node_signer(chain, 1).address, HIGH)]
    deployment = deploy(
        chain,
        node_signer(chain, 9),
        Parameters(
            rules_digest=RULES,
            classes=10,
            approvals_per_class=1,
            commitment_expiry=EXPIRY,
            **{"target": TARGET, **STEADY, **changes},
        ),
        founders=founders,
    )
    return World(chain, deployment, open_contract(chain, deployment))


def close_genesis(world: World) -> None:
    world.contract.register_original_party(world.account(0), card(1), LOW)
    world.contract.register_original_party(world.account(1), card(2), HIGH)


def card(number: int) -> ModelDigest:
    return ModelDigest(number.to_bytes(32, "big"))


def word(number: int) -> Digest:
    return Digest(number.to_bytes(32, "big"))


def approvals(world: World, joining: int, *, nonce: int = 1, deadline: int = FAR) -> list[Approval]:
    """Both founders approve account `joining` for all classes and model card 3, each for its own classes."""
    account = world.account(joining).address
    unsigned = [
        Approval(account, card(3), ALL, ALL, vouched, nonce, deadline, world.account(founder).address)
        for founder, vouched in ((0, LOW), (1, HIGH))
    ]
    return [
        sign_approval(world.account(index), world.chain.chain_id, world.contract.address, each)
        for index, each in enumerate(unsigned)
    ]


def join(world: World, joining: int) -> None:
    world.contract.register_regular_party(
        world.account(joining), card(3), ALL, ALL, approvals(world, joining)
    )


def next_header(
    world: World,
    miner: int,
    party_type: PartyType,
    *,
    parent: BlockHash | None = None,
    root: Digest = RULES,
    timestamp: int | None = None,
    target: int = TARGET,
) -> BlockHeader:
    """A header on the tip with the work done."""
    header = BlockHeader(
        parent=world.contract.tip().block_hash if parent is None else parent,
        merkle_root=root,
        miner_info=miner_info_hash(world.account(miner).address, party_type),
        timestamp=world.chain.head().timestamp if timestamp is None else timestamp,
        nonce=0,
    )
    return search_nonce(header, target)


@contextmanager
def anvil(*options: str) -> Iterator[str]:
    """A running anvil process on a free port; gives its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(ANVIL), "--port", str(port), "--hardfork", "prague", "--silent", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _until_it_answers(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def has_anvil() -> bool:
    return shutil.which(ANVIL) is not None


def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            connect(url).close()
        except ChainUnreachableError:
            if time.monotonic() > deadline:
                raise
        else:
            return
