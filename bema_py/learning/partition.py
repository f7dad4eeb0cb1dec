"""Partitions: how a data set is dealt to parties, and the TOML file that declares one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bema_py.core.checks import (
    FieldChoiceError,
    FieldLengthError,
    FieldTypeError,
    check_ascending,
    check_hex,
    check_integer,
)
from bema_py.core.errors import InputError
from bema_py.core.toml_file import TomlFileError, toml_file
from bema_py.core.types import MAX_CLASSES, Digest
from bema_py.learning.kinds import find_kind

MAX_PARTIES = 2**16
MAX_SAMPLES = 2**32 - 1

_FIELDS = ("classes", "public", "scaling", "party")
_PARTY_FIELDS = ("held", "architecture", "original", "share", "samples", "label_space")


class PartitionError(TomlFileError):
    """A file does not declare a partition."""


class ShareError(InputError):
    """A share that is not a part of a whole."""

    def __init__(self, field: str, share: float) -> None:
        """Keep the field and its value."""
        self.field, self.share = field, share
        super().__init__(f"{field} is {share}, must be above 0 and at most 1")


class HeldOutsideError(InputError):
    """A party holds a class that its model does not score."""

    def __init__(self, field: str, label: int) -> None:
        """Keep the field and the class."""
        self.field, self.label = field, label
        super().__init__(f"{field} lacks class {label}, which the party holds")


@dataclass(frozen=True, slots=True)
class PartyPlan:
    """What is fixed of a party before any sample is dealt.

    share: part of every held class's samples; samples: number over all held classes; neither: an equal part of what
    others leave. label_space: the classes its model scores; None: the held ones, or all where there is a public set.
    """

    held: tuple[int, ...]
    architecture: str
    original: bool
    share: float | None = None
    samples: int | None = None
    label_space: tuple[int, ...] | None = None

    def stated_samples(self, label: int, available: int) -> int | None:
        """Give how many samples of a held class the party states that it gets, or None."""
        if self.share is not None:
            return int(self.share * available)
        if self.samples is not None:
            each, more = divmod(self.samples, len(self.held))
            return each + (self.held.index(label) < more)
        return None


@dataclass(frozen=True, slots=True)
class CasePlan:
    """The number of classes, the parties, and how many samples are public, None for as many as suit the data set.

    scaling: digest of the scaling that must have turned the features of a table into bytes.
    """

    classes: int
    parties: tuple[PartyPlan, ...]
    public: int | None = 0
    scaling: Digest | None = None


def read_partition(path: Path) -> CasePlan:
    """Read a partition; raises PartitionError, which names the field and the fault.

    Files of architectures lie relative to the partition.
    """
    with toml_file(path, PartitionError) as plain:
        _check_fields("", plain, _FIELDS)
        classes = check_integer("classes", plain.get("classes"), 2, MAX_CLASSES)
        parties = plain.get("party", [])
        if not isinstance(parties, list):
            raise FieldTypeError("party", parties, "[[party]] tables")
        if not 1 <= len(parties) <= MAX_PARTIES:
            raise FieldLengthError("party", len(parties), 1, MAX_PARTIES)
        return CasePlan(
            classes,
            tuple(_party(path, f"party.{n}", party, classes) for n, party in enumerate(parties)),
            check_integer("public", plain.get("public", 0), 0, MAX_SAMPLES),
            None if "scaling" not in plain else Digest(check_hex("scaling", plain["scaling"], 32)),
        )


def _party(path: Path, name: str, plain: Any, classes: int) -> PartyPlan:
    if not isinstance(plain, dict):
        raise FieldTypeError(name, plain, "a table")
    _check_fields(f"{name}.", plain, _PARTY_FIELDS)
    held = _labels(f"{name}.held", plain.get("held"), classes)
    space = None
    if "label_space" in plain:
        space = _labels(f"{name}.label_space", plain["label_space"], classes)
        for label in held:
            if label not in space:
                raise HeldOutsideError(f"{name}.label_space", label)
    original = plain.get("original", False)
    if not isinstance(original, bool):
        raise FieldTypeError(f"{name}.original", original, "true or false")
    return PartyPlan(
        held, _architecture(path, name, plain.get("architecture")), original, *_amount(name, plain), space
    )


def _amount(name: str, plain: dict[str, Any]) -> tuple[float | None, int | None]:
    share, samples = plain.get("share"), plain.get("samples")
    if share is not None and samples is not None:
        raise FieldTypeError(f"{name}.samples", samples, "left out where share is given")
    if share is not None:
        if type(share) not in (int, float):
            raise FieldTypeError(f"{name}.share", share, "a number")
        if not 0 < share <= 1:
            raise ShareError(f"{name}.share", share)
    if samples is not None:
        check_integer(f"{name}.samples", samples, 1, MAX_SAMPLES)
    return share, samples


def _architecture(path: Path, name: str, value: Any) -> str:
    """Return a kind of model that exists, a file by its path from here."""
    if not isinstance(value, str):
        raise FieldTypeError(f"{name}.architecture", value, "the name of a kind of model or FILE.toml")
    found = str(path.parent / value) if value.endswith(".toml") else value
    find_kind(found)
    return found


def _labels(name: str, value: Any, classes: int) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise FieldTypeError(name, value, "a list of classes")
    if not value:
        raise FieldLengthError(name, 0, 1, classes)
    labels = tuple(check_integer(name, label, 0, classes - 1) for label in value)
    check_ascending(name, labels)
    return labels


def _check_fields(prefix: str, plain: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in plain:
        if name not in known:
            raise FieldChoiceError("field", prefix + name, tuple(prefix + field for field in known))
