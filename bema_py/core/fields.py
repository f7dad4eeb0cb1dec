"""Reading the fields of decoded objects, with errors that name object and field."""

from collections.abc import Iterator
from contextlib import contextmanager

from multiformats import CID

from bema_py.core.cid import cid_from_bytes
from bema_py.core.encoding import decode
from bema_py.core.errors import InputError, MalformedError

VERSION = 1
"""The version that every kind of object carries."""


class FieldNamesError(MalformedError):
    """An object lacks fields or has fields that its kind does not know."""

    def __init__(self, kind: str, missing: frozenset[str], unknown: frozenset[str]) -> None:
        """Keep the kind of object and both sets of names."""
        self.kind = kind
        self.missing = missing
        self.unknown = unknown
        parts = [
            f"{word} {', '.join(sorted(names))[:200]}"
            for word, names in (("lacks", missing), ("has unknown", unknown))
            if names
        ]
        super().__init__(f"{kind} {' and '.join(parts)}")


class WrongTypeError(MalformedError):
    """A part of an object has the wrong type."""

    def __init__(self, kind: str, value: object, required: str) -> None:
        """Keep the part, the type found and the type required."""
        self.kind = kind
        self.found = type(value).__name__
        self.required = required
        super().__init__(f"{kind} must be {required}, found {self.found}")


class VersionError(MalformedError):
    """An object of a version this program does not know."""

    def __init__(self, kind: str, version: object) -> None:
        """Keep the kind of object and the version found."""
        self.kind = kind
        self.version = version
        super().__init__(f"{kind} has version {version!r:.40}, known is {VERSION}")


class InvalidObjectError(MalformedError):
    """An object is well encoded, but a value in it is not allowed."""

    def __init__(self, kind: str, cause: InputError) -> None:
        """Keep the kind of object and the error of the value."""
        self.kind = kind
        self.cause = cause
        super().__init__(f"{kind}: {cause}")


@contextmanager
def reading(kind: str) -> Iterator[None]:
    """Turn an InputError of a value read from bytes into InvalidObjectError: the bytes are at fault."""
    try:
        yield
    except InputError as error:
        raise InvalidObjectError(kind, error) from error


def read_object(kind: str, data: bytes, names: frozenset[str], *, max_size: int) -> dict[str, object]:
    """Decode an object of version 1 with exactly these further fields."""
    fields = read_map(kind, decode(data, max_size=max_size), names | {"version"})
    version = fields["version"]
    if version is not True and version == VERSION:
        return fields
    raise VersionError(kind, version)


def read_map(kind: str, value: object, names: frozenset[str]) -> dict[str, object]:
    """Return a map that has exactly these keys."""
    if not isinstance(value, dict):
        raise WrongTypeError(kind, value, "a map")
    found = frozenset(value)
    if found != names:
        raise FieldNamesError(kind, names - found, found - names)
    return value


def read_list(kind: str, value: object) -> list[object]:
    """Return a list."""
    if not isinstance(value, list):
        raise WrongTypeError(kind, value, "a list")
    return value


def read_cid(kind: str, value: object) -> CID:
    """Return a CID in the one text base of this program, so that equal identifiers compare equal."""
    if not isinstance(value, CID):
        raise WrongTypeError(kind, value, "a CID")
    return cid_from_bytes(bytes(value))
