"""The 112-byte block header and the hashes that go into it."""

from dataclasses import dataclass

from bema_py.core.checks import U64, U256, check_bytes, check_integer
from bema_py.core.errors import MalformedError
from bema_py.core.hashing import sha256d
from bema_py.core.types import Address, BlockHash, Digest, PartyType

HEADER_SIZE = 112


class HeaderLengthError(MalformedError):
    """A header that is not 112 bytes long."""

    def __init__(self, length: int) -> None:
        """Keep the length found."""
        self.length = length
        self.required = HEADER_SIZE
        super().__init__(f"header has {length} bytes, must have {HEADER_SIZE}")


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """parent 32 | merkle_root 32 | miner_info 32 | timestamp u64 in seconds | nonce u64, big-endian."""

    parent: BlockHash
    merkle_root: Digest
    miner_info: Digest
    timestamp: int
    nonce: int

    def __post_init__(self) -> None:
        """Refuse fields that do not fit their place."""
        check_bytes("header parent", self.parent, 32)
        check_bytes("header merkle_root", self.merkle_root, 32)
        check_bytes("header miner_info", self.miner_info, 32)
        check_integer("header timestamp", self.timestamp, 0, U64)
        check_integer("header nonce", self.nonce, 0, U64)

    def encode(self) -> bytes:
        """Give the 112 bytes."""
        numbers = self.timestamp.to_bytes(8, "big") + self.nonce.to_bytes(8, "big")
        return self.parent + self.merkle_root + self.miner_info + numbers

    @classmethod
    def decode(cls, data: bytes) -> "BlockHeader":
        """Read the 112 bytes; raises HeaderLengthError."""
        if len(data) != HEADER_SIZE:
            raise HeaderLengthError(len(data))
        return cls(
            BlockHash(data[:32]),
            Digest(data[32:64]),
            Digest(data[64:96]),
            int.from_bytes(data[96:104], "big"),
            int.from_bytes(data[104:], "big"),
        )

    def hash(self) -> BlockHash:
        """Give the double SHA-256; read as a big-endian number it must be below the target."""
        return BlockHash(sha256d(self.encode()))


def miner_info_hash(address: Address, party_type: PartyType) -> Digest:
    """Give sha256d(miner address | party type): it ties a found nonce to the one who may submit it."""
    check_bytes("miner address", address, 20)
    return sha256d(address + bytes([party_type]))


def genesis_hash(chain_id: int, contract: Address, rules_digest: Digest) -> BlockHash:
    """Give sha256d(0x04 | chain id u256 | contract | rules digest), the parent of block 1."""
    check_integer("chain id", chain_id, 0, U256)
    check_bytes("contract address", contract, 20)
    check_bytes("rules digest", rules_digest, 32)
    return BlockHash(sha256d(b"\x04" + chain_id.to_bytes(32, "big") + contract + rules_digest))
