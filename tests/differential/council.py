"""Four founders and their signatures, good ones and bad ones, with the Python twin of how they are read."""

from dataclasses import dataclass

from chain_scenarios import RULES, STEADY, TARGET, World, card, node_signer, word
from questions import Answer, Refusal, next_time, refused

from bema_py.chain.approvals import Approval, sign_approval
from bema_py.chain.connection import Chain
from bema_py.chain.deployment import deploy, open_contract
from bema_py.chain.errors import SignatureError
from bema_py.chain.parameters import Parameters
from bema_py.chain.typed_data import recover
from bema_py.chain.votes import Suspension, sign_vote
from bema_py.core.types import Address, ModelDigest

CLASSES = 0b1111
HELD = (0b0111, 0b1110, 0b1101, 0b1011)
"""What the founders, accounts 0 to 3, hold; the last one is suspended."""
QUORUM, PER_CLASS, USED_NONCE = 3, 2, 7
JOINING, STRANGER, JOINED = 4, 5, 6
MODEL = card(3)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class Council:
    """Four founders, of whom one was suspended at `suspended_at`; founder 0 has used up one nonce."""

    world: World
    suspended_at: int

    def address(self, account: int) -> Address:
        return self.world.account(account).address

    def judge(self, signer: Address) -> Answer:
        """Refuse who may neither approve nor vote."""
        if signer == self.address(3):
            return refused("Suspended", account=signer, suspendedAt=self.suspended_at)
        if signer not in [self.address(founder) for founder in range(3)]:
            return refused("SignerNotOriginalParty", signer=signer)
        return ()


def convened(chain: Chain) -> Council:
    """The council on a new contract, past its genesis phase and with one regular party."""
    world = founded(chain)
    for founder in range(4):
        world.contract.register_original_party(world.account(founder), card(founder + 1), CLASSES)
    world.contract.revoke_approval(world.account(0), USED_NONCE)
    motion = Suspension(world.account(3).address, word(1), 2**40)
    votes = [
        sign_vote(world.account(founder), chain.chain_id, world.contract.address, motion)
        for founder in range(QUORUM)
    ]
    done = world.contract.suspend_party(world.account(0), motion, votes)
    made = Council(world, done.event.position.time)
    given = [approval(made, JOINED, founder, CLASSES) for founder in range(3)]
    world.contract.register_regular_party(world.account(JOINED), MODEL, CLASSES, CLASSES, given)
    return made


def founded(chain: Chain) -> World:
    parameters = Parameters(
        rules_digest=RULES,
        classes=4,
        approvals_per_class=PER_CLASS,
        commitment_expiry=5,
        target=TARGET,
        **{**STEADY, "quorum": QUORUM},
    )
    founders = [(node_signer(chain, founder).address, held) for founder, held in enumerate(HELD)]
    deployment = deploy(chain, node_signer(chain, 9), parameters, founders)
    return World(chain, deployment, open_contract(chain, deployment))


def approval(
    council: Council,
    joining: int,
    founder: int,
    held: int,
    labels: int = CLASSES,
    model: ModelDigest = MODEL,
) -> Approval:
    """A founder's approval, for all classes that both the founder and the candidate hold."""
    vouched = held & (HELD[founder] if founder < len(HELD) else CLASSES)
    deadline, signer = next_time(council.world) + 10, council.address(founder)
    return sign(
        council, Approval(council.address(joining), model, held, labels, vouched, joining, deadline, signer)
    )


def sign(council: Council, given: Approval) -> Approval:
    world = council.world
    founder = next(each for each in range(6) if council.address(each) == given.signer)
    return sign_approval(world.account(founder), world.chain.chain_id, world.contract.address, given)


SPOILT = ("high s", "wrong v", "cut", "nobody's", "somebody's")
WHOSE = ("unordered", "twice", "suspended", "stranger", "few")


def spoil(signature: bytes, faults: set[str]) -> bytes:
    """The signature, or one that does not count, or counts for somebody else."""
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    match next((how for how in SPOILT if how in faults), None):
        case "high s":
            return signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([27 + 28 - v])
        case "wrong v":
            return signature[:64] + bytes([v - 27])
        case "cut":
            return signature[:-1]
        case "nobody's":
            return bytes(64) + bytes([v])
        case "somebody's":
            return signature[:63] + bytes([signature[63] ^ 1]) + signature[64:]
    return signature


def recovered(digest: bytes, signature: bytes, index: int) -> Address | Refusal:
    try:
        return recover(digest, signature)
    except SignatureError:
        return refused("InvalidSignature", index=index)


def ascending(council: Council, signer: Address, previous: Address) -> Answer:
    if signer <= previous:
        return refused("SignersNotAscending", previous=previous, signer=signer)
    return council.judge(signer)


def signers(council: Council, faults: set[str]) -> list[int]:
    """The accounts that sign: the three founders who may, ascending by address, but for the faults."""
    accounts = [0, 1, 2]
    accounts = [0, 1, 3] if "suspended" in faults else accounts
    accounts = [*accounts[:2], STRANGER] if "stranger" in faults else accounts
    accounts.sort(key=council.address, reverse="unordered" in faults)
    accounts = [*accounts[:2], accounts[1]] if "twice" in faults else accounts
    return accounts[1:] if "few" in faults else accounts
