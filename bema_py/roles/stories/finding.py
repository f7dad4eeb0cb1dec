"""Finding what a question names: by a number, a full name in hexadecimal, or a prefix of it that only one has."""

from collections.abc import Iterable
from string import hexdigits
from typing import TypeVar

from bema_py.core.errors import InputError
from bema_py.core.types import hex0x

Name = TypeVar("Name", bound=bytes)

NAME_DIGITS = 64
SHOWN_MATCHES = 3


class NamePrefixError(InputError):
    """A text that is no beginning of a name of 32 bytes."""

    def __init__(self, kind: str, text: str) -> None:
        """Keep what was looked for and the text."""
        super().__init__(
            f"{kind} is {text!r:.80}, must be 1 to {NAME_DIGITS} hexadecimal digits, with or without 0x"
        )
        self.kind, self.text = kind, text


class UnknownNameError(InputError):
    """Nothing of its kind has a name that begins so."""

    def __init__(self, kind: str, text: str, searched: int) -> None:
        """Keep what was looked for, the text and how many there are."""
        super().__init__(f"there is no {kind} {text}; {searched} are known and none begins so")
        self.kind, self.text, self.searched = kind, text, searched


class AmbiguousPrefixError(InputError):
    """Several names begin so."""

    def __init__(self, kind: str, text: str, matches: list[bytes]) -> None:
        """Keep what was looked for, the text and the names."""
        shown = ", ".join(hex0x(name) for name in matches[:SHOWN_MATCHES])
        more = "" if len(matches) <= SHOWN_MATCHES else f" and {len(matches) - SHOWN_MATCHES} more"
        super().__init__(f"{kind} {text} is ambiguous: it fits {len(matches)}: {shown}{more}")
        self.kind, self.text, self.matches = kind, text, matches


def name_prefix(kind: str, text: str) -> str:
    """Return the hexadecimal digits, in lower case, that a name is to begin with; raises NamePrefixError."""
    digits = text.lower().removeprefix("0x")
    if not 1 <= len(digits) <= NAME_DIGITS or not set(digits) <= set(hexdigits):
        raise NamePrefixError(kind, text)
    return digits


def find_name(kind: str, text: str, names: Iterable[Name]) -> Name:
    """Return the one name that begins so; raises NamePrefixError, UnknownNameError and AmbiguousPrefixError."""
    digits = name_prefix(kind, text)
    known = sorted(set(names))
    matches = [name for name in known if name.hex().startswith(digits)]
    if not matches:
        raise UnknownNameError(kind, text, len(known))
    if len(matches) > 1:
        raise AmbiguousPrefixError(kind, text, list[bytes](matches))
    return matches[0]
