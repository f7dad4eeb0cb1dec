"""The one base of every error a user may see, with its documented exit code."""

from typing import ClassVar


class BemaError(Exception):
    """A mistake or fault that has a clear one-line explanation.

    Subclasses keep the offending numbers as attributes and choose the exit code of the command line:
    1 audit found a false statement, 2 bad input, 3 chain unreachable or not the expected one, 4 the contract
    refused, 5 content missing, 6 content does not match its identifier or is malformed, 7 refused by policy,
    130 interrupted.
    """

    exit_code: ClassVar[int] = 2


class InputError(BemaError):
    """A value given by the user is out of its bounds."""


class PolicyError(BemaError):
    """The protocol or the profile forbids the action."""

    exit_code: ClassVar[int] = 7


class MalformedError(BemaError):
    """Bytes that are not a valid object of their kind."""

    exit_code: ClassVar[int] = 6
