"""A batch: the samples one party commits to and reveals together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from bema_py.core.checks import U8, U32, FieldLengthError, check_bytes, check_integer
from bema_py.core.encoding import digest, encode
from bema_py.core.errors import InputError
from bema_py.core.fields import VERSION, read_list, read_map, read_object, reading
from bema_py.core.leaves import batch_root, sample_id
from bema_py.core.rules import MAX_BATCH_SIZE, Rules
from bema_py.core.types import Digest, PartyId, SampleId

MAX_BATCH_SAMPLES = 2**16


class SampleTwiceError(InputError):
    """A list of samples holds one twice."""

    def __init__(self, sample: SampleId, index: int) -> None:
        """Keep the sample id and the index of its second place."""
        self.sample = sample
        self.index = index
        super().__init__(f"sample 0x{sample.hex()} stands again at index {index}")


@dataclass(frozen=True, slots=True)
class Sample:
    """A calibration sample: x as bytes in the order channel, row, column, and its class y."""

    x: bytes
    y: int

    def __post_init__(self) -> None:
        """Refuse a class or an x that no rules allow."""
        check_bytes("sample x", self.x, 1, 2**20)
        check_integer("sample y", self.y, 0, U8)

    def id(self) -> SampleId:
        """Give the sample id."""
        return sample_id(self.x, self.y)


@dataclass(frozen=True, slots=True)
class Batch:
    """The samples one party reveals together, in order."""

    party: PartyId
    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        """Refuse an empty batch and one that holds a sample twice."""
        check_integer("batch party", self.party, 1, U32)
        if not 1 <= len(self.samples) <= MAX_BATCH_SAMPLES:
            raise FieldLengthError("batch samples", len(self.samples), 1, MAX_BATCH_SAMPLES)
        check_distinct(self.samples)

    def sample_ids(self) -> tuple[SampleId, ...]:
        """Give the sample ids in order."""
        return tuple(sample.id() for sample in self.samples)

    def root(self) -> Digest:
        """Give the batch root, which the commitment holds."""
        return batch_root(self.sample_ids())

    def to_bytes(self) -> bytes:
        """Encode as canonical DAG-CBOR."""
        samples = [{"x": sample.x, "y": sample.y} for sample in self.samples]
        return encode({"version": VERSION, "party": self.party, "samples": samples})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Batch":
        """Decode and validate, but for the rules; raises MalformedError leaves."""
        plain = read_object("batch", data, frozenset({"party", "samples"}), max_size=MAX_BATCH_SIZE)
        with reading("batch"):
            samples = tuple(read_sample(entry) for entry in read_list("batch samples", plain["samples"]))
            return cls(cast(PartyId, plain["party"]), samples)

    def digest(self) -> Digest:
        """Give the content digest, which the commitment holds."""
        return digest(self.to_bytes())


def check_batch(batch: Batch, rules: Rules) -> None:
    """Refuse a batch that is void under the rules, with InvalidObjectError.

    That is one with too many samples, an x of the wrong size, or a class not below C.
    """
    with reading("batch"):
        if len(batch.samples) > rules.max_batch_samples:
            raise FieldLengthError("batch samples", len(batch.samples), 1, rules.max_batch_samples)
        check_samples(batch.samples, rules)


def check_samples(samples: Sequence[Sample], rules: Rules) -> None:
    """Refuse an x of the wrong size and a class not below C, with FieldLengthError and FieldRangeError."""
    for index, sample in enumerate(samples):
        check_bytes(f"x of sample {index}", sample.x, rules.sample_size)
        check_integer(f"y of sample {index}", sample.y, 0, rules.classes - 1)


def check_distinct(samples: Sequence[Sample]) -> None:
    """Refuse a sample that stands twice, with SampleTwiceError."""
    seen: set[SampleId] = set()
    for index, sample in enumerate(samples):
        name = sample.id()
        if name in seen:
            raise SampleTwiceError(name, index)
        seen.add(name)


def read_sample(value: object) -> Sample:
    """Read one sample of a decoded list; raises MalformedError leaves."""
    plain = read_map("sample", value, frozenset({"x", "y"}))
    return Sample(cast(bytes, plain["x"]), cast(int, plain["y"]))
