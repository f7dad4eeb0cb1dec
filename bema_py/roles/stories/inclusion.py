"""Proofs that a used sample is in a block of the chain, checked before anybody sees them."""

from dataclasses import dataclass

from bema_py.chain.events import BlockSubmitted
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError, InputError, MalformedError
from bema_py.core.hashing import sha256d
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import SampleLeaf
from bema_py.core.merkle import merkle_proof, verify_inclusion
from bema_py.core.types import BlockHash, Digest, SampleId, hex0x
from bema_py.roles.content import load_body
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.finding import UnknownNameError, find_name


class SampleNotUsedError(InputError):
    """A sample that no block of the chain used, so that there is nothing to prove."""

    def __init__(self, name: str, used: int) -> None:
        """Keep the id or prefix asked for and the number of samples that blocks of the chain used."""
        super().__init__(
            f"no block of the chain used a sample {name} ({used} were used): "
            f"`bema explain sample {name}` says what became of it"
        )
        self.name, self.used = name, used


class ProofFailsError(MalformedError):
    """A block's body does not give the Merkle root of its header, so it proves nothing."""

    def __init__(self, height: int, sample: SampleId, root: Digest) -> None:
        """Keep the block's height, the sample and the header's root."""
        super().__init__(
            f"the body of block {height} gives no proof of sample {hex0x(sample)} under the header's root {hex0x(root)}"
        )
        self.height, self.sample, self.root = height, sample, root


@dataclass(frozen=True)
class InclusionProof:
    """A sample leaf in a block: its preimage and place, and the siblings from the lowest level up.

    leaf: sha256d of the preimage. It holds for whoever has the header: the block hash is the header's sha256d.
    """

    height: int
    block_hash: BlockHash
    header: BlockHeader
    sample: SampleLeaf
    preimage: bytes
    leaf: Digest
    index: int
    leaf_count: int
    siblings: tuple[Digest, ...]

    def call(self) -> tuple[bytes, Digest, int, int, tuple[Digest, ...]]:
        """Give the arguments of the contract's `verifyInclusion`."""
        return self.header.encode(), self.leaf, self.index, self.leaf_count, self.siblings

    def holds(self) -> bool:
        """Check the proof from the preimage up to the header's root, and the header against the block hash."""
        known = self.header.hash() == self.block_hash and self.sample.preimage() == self.preimage
        _, leaf, index, count, siblings = self.call()
        included = verify_inclusion(self.header.merkle_root, leaf, index, count, siblings)
        return known and leaf == sha256d(self.preimage) and included


def prove_sample(archive: Archive, name: str) -> InclusionProof:
    """Prove the inclusion of the used sample with this id, or a prefix that fits no other used one.

    Raises SampleNotUsedError, ProofFailsError and what `find_name` raises besides; where no body that can be read has
    it but some cannot be read, what the first of these raised.
    """
    bodies, faults = _read_bodies(archive)
    used = {leaf.sample: (event, body, leaf) for event, body in bodies for leaf in body.samples}
    try:
        return prove_leaf(*used[find_name("used sample", name, used)])
    except UnknownNameError as error:
        raise faults[0] if faults else SampleNotUsedError(name, len(used)) from error


def _read_bodies(archive: Archive) -> tuple[list[tuple[BlockSubmitted, BlockBody]], list[BemaError]]:
    """Read the bodies of the chain; also returns why some cannot be read."""
    bodies, faults = [], []
    for event in archive.history.blocks:
        try:
            bodies.append((event, load_body(archive.store, event.body_digest)))
        except BemaError as error:
            faults.append(error)
    return bodies, faults


def prove_leaf(event: BlockSubmitted, body: BlockBody, leaf: SampleLeaf) -> InclusionProof:
    """Prove a sample leaf of a block's body; raises ProofFailsError where the body is not the header's."""
    index, leaves = body.entries().index(leaf), body.leaves()
    header = BlockHeader.decode(event.header)
    proof = InclusionProof(
        height=event.height,
        block_hash=event.block_hash,
        header=header,
        sample=leaf,
        preimage=leaf.preimage(),
        leaf=leaf.leaf(),
        index=index,
        leaf_count=len(leaves),
        siblings=merkle_proof(leaves, index),
    )
    if not proof.holds():
        raise ProofFailsError(event.height, leaf.sample, header.merkle_root)
    return proof
