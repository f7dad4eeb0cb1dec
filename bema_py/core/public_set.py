"""The public set: samples that every party has and that blocks may rehearse. **Extension** of the paper."""

from dataclasses import dataclass

from bema_py.core.batch import Sample, check_distinct, check_samples, read_sample
from bema_py.core.checks import FieldLengthError
from bema_py.core.encoding import digest, encode
from bema_py.core.fields import VERSION, read_list, read_object, reading
from bema_py.core.rules import Rules
from bema_py.core.types import Digest

MAX_PUBLIC_SET_SIZE = 2**26
MAX_PUBLIC_SAMPLES = 2**16


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Samples published before deployment; the rules object holds their digest."""

    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        """Refuse an empty set and one that holds a sample twice."""
        if not 1 <= len(self.samples) <= MAX_PUBLIC_SAMPLES:
            raise FieldLengthError("public set samples", len(self.samples), 1, MAX_PUBLIC_SAMPLES)
        check_distinct(self.samples)

    def to_bytes(self) -> bytes:
        """Encode as canonical DAG-CBOR."""
        samples = [{"x": sample.x, "y": sample.y} for sample in self.samples]
        return encode({"version": VERSION, "samples": samples})

    @classmethod
    def from_bytes(cls, data: bytes) -> "PublicSet":
        """Decode and validate, but for the rules; raises MalformedError leaves."""
        plain = read_object("public set", data, frozenset({"samples"}), max_size=MAX_PUBLIC_SET_SIZE)
        with reading("public set"):
            return cls(tuple(read_sample(entry) for entry in read_list("samples", plain["samples"])))

    def digest(self) -> Digest:
        """Give the content digest."""
        return digest(self.to_bytes())

    def check(self, rules: Rules) -> None:
        """Refuse an x of the wrong size and a class not below C, with InvalidObjectError."""
        with reading("public set"):
            check_samples(self.samples, rules)
