"""The inputs of a block's calibration, checked before any of them is computed with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bema_py.core.errors import InputError
from bema_py.core.rules import Rules
from bema_py.core.types import Digest, PartyId, SampleId
from bema_py.learning.datasets import ByteArray
from bema_py.learning.margin import Verdict
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model


class MissingModelError(InputError):
    """A member's model was not given."""

    def __init__(self, party: PartyId) -> None:
        """Keep the party whose model is missing."""
        self.party = party
        super().__init__(f"the model of party {party} is missing")


class HeldClassError(InputError):
    """A member holds a class that its model does not score, so no step could enhance it."""

    def __init__(self, party: PartyId, label: int) -> None:
        """Keep the party and the class."""
        self.party, self.label = party, label
        super().__init__(f"party {party} holds class {label}, which its model does not score")


class SampleSizeError(InputError):
    """A sample whose x does not have the rules' size."""

    def __init__(self, sample: SampleId, size: int, required: int) -> None:
        """Keep the sample's id, the size of its x and the size required, in bytes."""
        self.sample, self.size, self.required = sample, size, required
        super().__init__(f"sample {sample.hex()} has {size} bytes, the rules require {required}")


@dataclass(frozen=True, slots=True)
class CandidateSample:
    """A sample that may calibrate; `key` is its place in the processing order of the block.

    objection: what the founders' references hold against it (10b), None where nothing or nobody was asked.
    """

    sample_id: SampleId
    key: Digest
    x: bytes
    y: int
    objection: Verdict | None = None


def member_models(models: Mapping[PartyId, Model], membership: Membership) -> list[Model]:
    """Give the members' models in order; raises MissingModelError and HeldClassError."""
    for member in membership.parties:
        if member.party not in models:
            raise MissingModelError(member.party)
        for label in sorted(member.held.difference(models[member.party].classes)):
            raise HeldClassError(member.party, label)
    return [models[party] for party in membership.ids]


def sample_images(samples: Sequence[CandidateSample], rules: Rules) -> ByteArray:
    """Give the samples as images, uint8 (samples, channels, height, width); raises SampleSizeError."""
    for sample in samples:
        if len(sample.x) != rules.sample_size:
            raise SampleSizeError(sample.sample_id, len(sample.x), rules.sample_size)
    joined = b"".join(sample.x for sample in samples)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, *rules.input)
