"""The model card: what a model is, under the one digest that names it."""

from dataclasses import dataclass
from typing import cast

from multiformats import CID

from bema_py.core.architecture import Architecture
from bema_py.core.checks import U8, FieldLengthError, check_ascending, check_bytes, check_integer
from bema_py.core.cid import DAG_PB, RAW, cid_text, codec_of
from bema_py.core.encoding import digest, encode
from bema_py.core.errors import InputError
from bema_py.core.fields import VERSION, read_cid, read_list, read_object, reading
from bema_py.core.types import Digest, ModelDigest

MAX_CARD_SIZE = 2**16


class OutputCountError(InputError):
    """An architecture whose outputs are not the label space and the reserved output."""

    def __init__(self, outputs: int, required: int) -> None:
        """Keep the number of outputs found and required."""
        self.outputs = outputs
        self.required = required
        super().__init__(f"architecture has {outputs} outputs, the label space requires {required}")


class ParameterLinkError(InputError):
    """A model card's parameters are not a link to a file."""

    def __init__(self, cid: CID) -> None:
        """Keep the identifier."""
        self.cid = cid
        super().__init__(f"parameters {cid_text(cid)} must be a raw or dag-pb identifier")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's architecture, label space and parameters; its digest names the model everywhere.

    classes: the label space, ascending. parameters: the parameter file. parameters_sha256: SHA-256 of the
    canonical int32 bytes.
    """

    architecture: Architecture
    classes: tuple[int, ...]
    parameters: CID
    parameters_sha256: Digest

    def __post_init__(self) -> None:
        """Refuse a card whose parts do not fit each other."""
        for label in self.classes:
            check_integer("class", label, 0, U8)
        if not self.classes:
            raise FieldLengthError("classes", 0, 1, U8 + 1)
        check_ascending("classes", self.classes)
        if self.architecture.outputs != len(self.classes) + 1:
            raise OutputCountError(self.architecture.outputs, len(self.classes) + 1)
        if codec_of(self.parameters) not in (RAW, DAG_PB):
            raise ParameterLinkError(self.parameters)
        check_bytes("parameters_sha256", self.parameters_sha256, 32)

    def to_bytes(self) -> bytes:
        """Encode as canonical DAG-CBOR."""
        return encode(
            {
                "version": VERSION,
                "architecture": self.architecture.to_plain(),
                "classes": list(self.classes),
                "parameters": self.parameters,
                "parameters_sha256": self.parameters_sha256,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "ModelCard":
        """Decode and validate; raises MalformedError leaves."""
        names = frozenset({"architecture", "classes", "parameters", "parameters_sha256"})
        plain = read_object("model card", data, names, max_size=MAX_CARD_SIZE)
        classes = cast(list[int], read_list("model card classes", plain["classes"]))
        parameters = read_cid("model card parameters", plain["parameters"])
        with reading("model card"):
            architecture = Architecture.from_plain(plain["architecture"])
            return cls(architecture, tuple(classes), parameters, cast(Digest, plain["parameters_sha256"]))

    def digest(self) -> ModelDigest:
        """Give the model digest."""
        return ModelDigest(digest(self.to_bytes()))
