"""The leaves of a block and of a batch: their fields, preimages and hashes."""

from collections.abc import Sequence
from dataclasses import dataclass

from bema_py.core.checks import U8, U32, U256, check_bytes, check_integer
from bema_py.core.hashing import sha256d
from bema_py.core.merkle import merkle_root
from bema_py.core.types import (
    Address,
    BlockHash,
    Commitment,
    Digest,
    ModelDigest,
    PartyId,
    PartyType,
    SampleId,
)

NO_STATEMENTS = Digest(bytes(32))
"""The statements digest while the rules know no data witness."""


def _u8(value: int) -> bytes:
    return value.to_bytes(1, "big")


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """What a block says about itself: rules, miner, the batches considered and how many samples it judged.

    batches: digest of the ordered commitments. used: sample leaves. updates: model update leaves.
    """

    rules: Digest
    miner: Address
    party_type: PartyType
    height: int
    batch_count: int
    batches: Digest
    statements: Digest
    judged: int
    used: int
    updates: int

    def __post_init__(self) -> None:
        """Refuse fields that do not fit their place in the preimage."""
        for name, digest in (
            ("rules", self.rules),
            ("batches", self.batches),
            ("statements", self.statements),
        ):
            check_bytes(f"record {name}", digest, 32)
        check_bytes("record miner", self.miner, 20)
        check_integer("record party_type", self.party_type, 0, max(PartyType))
        for name in ("height", "batch_count", "judged", "used", "updates"):
            check_integer(f"record {name}", getattr(self, name), 0, U32)

    def preimage(self) -> bytes:
        """Give the 139 bytes that are hashed."""
        head = b"\x00\x01" + self.rules + self.miner + _u8(self.party_type)
        batches = _u32(self.height) + _u32(self.batch_count) + self.batches + self.statements
        return head + batches + _u32(self.judged) + _u32(self.used) + _u32(self.updates)

    def leaf(self) -> Digest:
        """Give the leaf's hash."""
        return sha256d(self.preimage())


@dataclass(frozen=True, slots=True)
class SampleLeaf:
    """One used sample: its owner, the commitment and index it came from, y and y-."""

    sample: SampleId
    owner: PartyId
    commitment: Commitment
    index: int
    label: int
    wrong_label: int

    def __post_init__(self) -> None:
        """Refuse fields that do not fit their place in the preimage."""
        check_bytes("sample id", self.sample, 32)
        check_integer("sample owner", self.owner, 1, U32)
        check_bytes("sample commitment", self.commitment, 32)
        check_integer("sample index", self.index, 0, U32)
        check_integer("sample label", self.label, 0, U8)
        check_integer("sample wrong_label", self.wrong_label, 0, U8)

    def preimage(self) -> bytes:
        """Give the 76 bytes that are hashed."""
        origin = _u32(self.owner) + self.commitment + _u32(self.index)
        return b"\x00\x02" + self.sample + origin + _u8(self.label) + _u8(self.wrong_label)

    def leaf(self) -> Digest:
        """Give the leaf's hash."""
        return sha256d(self.preimage())


@dataclass(frozen=True, slots=True)
class ModelUpdate:
    """One member's model card digest before and after the block."""

    party: PartyId
    old: ModelDigest
    new: ModelDigest

    def __post_init__(self) -> None:
        """Refuse fields that do not fit their place in the preimage."""
        check_integer("update party", self.party, 1, U32)
        check_bytes("update old", self.old, 32)
        check_bytes("update new", self.new, 32)

    def preimage(self) -> bytes:
        """Give the 70 bytes that are hashed."""
        return b"\x00\x03" + _u32(self.party) + self.old + self.new

    def leaf(self) -> Digest:
        """Give the leaf's hash."""
        return sha256d(self.preimage())


@dataclass(frozen=True, slots=True)
class RewardLeaf:
    """All that an account was ever allotted up to and with this block, in wei."""

    account: Address
    cumulative: int

    def __post_init__(self) -> None:
        """Refuse fields that do not fit their place in the preimage."""
        check_bytes("reward account", self.account, 20)
        check_integer("reward cumulative", self.cumulative, 1, U256)

    def preimage(self) -> bytes:
        """Give the 54 bytes that are hashed."""
        return b"\x00\x04" + self.account + self.cumulative.to_bytes(32, "big")

    def leaf(self) -> Digest:
        """Give the leaf's hash."""
        return sha256d(self.preimage())


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One sample of a batch under the batch root."""

    sample: SampleId

    def __post_init__(self) -> None:
        """Refuse an id that is not 32 bytes."""
        check_bytes("item sample id", self.sample, 32)

    def preimage(self) -> bytes:
        """Give the 34 bytes that are hashed."""
        return b"\x00\x05" + self.sample

    def leaf(self) -> Digest:
        """Give the leaf's hash."""
        return sha256d(self.preimage())


def sample_id(x: bytes, y: int) -> SampleId:
    """Give sha256d(0x03 | y u8 | length of x u32 | x): the pair's name, whoever owns it."""
    check_integer("class", y, 0, U8)
    return SampleId(sha256d(b"\x03" + _u8(y) + _u32(len(x)) + x))


def processing_key(parent: BlockHash, sample: SampleId) -> Digest:
    """Give sha256d(parent hash | sample id), by which a block orders its samples.

    The parent is unknown when a sample is committed, so nobody can grind the order in advance.
    """
    return sha256d(parent + sample)


def recall_key(parent: BlockHash, sample: SampleId) -> Digest:
    """Give sha256d(0x05 | parent hash | sample id), by which a block draws the samples that it calibrates with again.

    Another draw than the processing order: those chosen would otherwise always come first in it.
    """
    return sha256d(b"\x05" + parent + sample)


def batches_digest(commitments: Sequence[Commitment]) -> Digest:
    """Give sha256d of the concatenated commitments, in their order."""
    return sha256d(b"".join(commitments))


def batch_root(sample_ids: Sequence[SampleId]) -> Digest:
    """Give the Merkle root over a batch's items in order; raises LeafCountError for an empty batch."""
    return merkle_root([BatchItem(sample).leaf() for sample in sample_ids])
