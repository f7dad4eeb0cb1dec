"""What an audit keeps of the blocks that it recomputed, so that an interrupted one goes on where it stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bema_py.core.encoding import decode, encode
from bema_py.core.errors import MalformedError
from bema_py.core.hashing import sha256
from bema_py.core.types import Digest, PartyId
from bema_py.roles.assembly import BlockContext, ListedBatch
from bema_py.roles.failures import CountedSample
from bema_py.roles.refusals import Refusals
from bema_py.storage.atomic_file import remove_leftovers, write_atomically
from bema_py.storage.directory_store import StoreFaultError

COMPUTING = ("core", "learning", "roles")
"""The packages of which a recomputation is made."""
LIBRARIES = ("numpy", "torch")
MAX_SIZE = 2**26
DIGEST = 32


@dataclass(frozen=True)
class KeptBlock:
    """The digest of a recomputed body, and what became of its samples.

    `counted` are those that count for the data witness, in processing order, `refused` those that were not used.
    """

    body: Digest
    counted: tuple[CountedSample, ...]
    refused: Refusals


class KeptBlocks:
    """A directory of recomputed blocks, one file each, under the digest of everything that went into it.

    Several processes may use one directory at once. Raises StoreFaultError where it cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        """Open the directory, which the first block creates, and remove what interrupted writers left behind."""
        self.directory = directory
        remove_leftovers(self._scratch)

    def find(self, name: Digest) -> KeptBlock | None:
        """Return what is kept under a name; a file that is not whole, or not this block's, counts for nothing."""
        try:
            with self._path(name).open("rb") as file:
                data = file.read(MAX_SIZE + 1)
        except OSError:
            return None
        if sha256(data[DIGEST:]) != data[:DIGEST]:
            return None
        try:
            return _read(decode(data[DIGEST:], max_size=MAX_SIZE), name)
        except (MalformedError, ValueError, TypeError):
            return None

    def keep(self, name: Digest, block: KeptBlock) -> None:
        """Keep a block under its name; the file stands whole or not at all."""
        counted = [[sample.owner, sample.refused] for sample in block.counted]
        refused = [[why, number] for why, number in block.refused]
        data = encode({"name": name, "body": block.body, "counted": counted, "refused": refused})
        path = self._path(name)
        try:
            write_atomically(path, sha256(data) + data, self._scratch)
        except OSError as error:
            raise StoreFaultError("write", path, error.strerror or str(error)) from error

    def _path(self, name: Digest) -> Path:
        return self.directory / f"{name.hex()}.block"

    @property
    def _scratch(self) -> Path:
        return self.directory / "unfinished"


def _read(plain: object, name: Digest) -> KeptBlock | None:
    match plain:
        case {
            "name": bytes(stated),
            "body": bytes(body),
            "counted": list(counted),
            "refused": list(refused),
        } if stated == name:
            samples = tuple(CountedSample(PartyId(who), how) for who, how in counted)
            return KeptBlock(Digest(body), samples, tuple((str(why), int(count)) for why, count in refused))
    return None


def name_of(context: BlockContext, listed: Sequence[ListedBatch]) -> Digest:
    """Return the digest of everything that `assemble` gets, and of the code that it is.

    Contents stand in it by digests that were verified when they were read.
    """
    purse = context.purse
    return sha256(
        encode(
            [
                code_digest(),
                context.rules.digest(),
                context.height,
                context.parent,
                context.miner,
                int(context.party_type),
                [
                    [each.party, each.account, int(each.party_type), each.held_classes, each.label_space]
                    for each in context.members
                ],
                [[party, digest] for party, digest in sorted(context.digests.items())],
                sha256(b"".join(sorted(context.used))),
                [[account, str(amount)] for account, amount in sorted(purse.earned.items())],
                [[party, account] for party, account in sorted(purse.accounts.items())],
                str(purse.available),
                [[each.sample_id, each.key] for each in context.recalled],
                [
                    [
                        each.on_chain.commitment,
                        each.batch.digest(),
                        [sign.to_map() for sign in each.statements],
                    ]
                    for each in sorted(listed, key=lambda each: each.on_chain.committed)
                ],
            ]
        )
    )


@cache
def code_digest() -> Digest:
    """Return the digest of the sources and library versions on which a recomputation's result could depend."""
    root = Path(__file__).parents[1]
    sources = sorted(path for package in COMPUTING for path in (root / package).rglob("*.py"))
    files = [[str(path.relative_to(root)), sha256(path.read_bytes())] for path in sources]
    return sha256(encode([files, [[name, version(name)] for name in LIBRARIES]]))
