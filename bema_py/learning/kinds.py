"""The kinds of model that a party can choose: an architecture, and what its own training minimises."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bema_py.core.architecture import ARCHITECTURES, Builder
from bema_py.core.architecture_file import read_architecture
from bema_py.core.errors import InputError


class UnknownKindError(InputError):
    """A kind of model of that name does not exist."""

    def __init__(self, name: str) -> None:
        """Keep the name asked for."""
        self.name = name
        super().__init__(
            f"there is no kind of model {name!r}, choose one of {', '.join(KINDS)} or a file FILE.toml"
        )


@dataclass(frozen=True, slots=True)
class ModelKind:
    """How a kind of model is built and trained; scoring and calibration know the architecture alone.

    loss: "cross_entropy" or "hinge".
    """

    build: Builder
    loss: str = "cross_entropy"


KINDS: Mapping[str, ModelKind] = MappingProxyType(
    {
        **{name: ModelKind(build) for name, build in ARCHITECTURES.items()},
        "svm": ModelKind(ARCHITECTURES["linear"], "hinge"),
    }
)
"""The named kinds."""


def find_kind(name: str) -> ModelKind:
    """Give a kind by its name, or by the path of the TOML file that declares it.

    Raises UnknownKindError and ArchitectureFileError.
    """
    if name in KINDS:
        return KINDS[name]
    if not name.endswith(".toml"):
        raise UnknownKindError(name)
    declared = read_architecture(Path(name))
    return ModelKind(declared, declared.loss)
