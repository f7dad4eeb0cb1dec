"""Registration requests, approvals and votes as files that parties hand to one another."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bema_py.chain.approvals import Approval
from bema_py.chain.votes import Vote
from bema_py.core.errors import BemaError, InputError, MalformedError
from bema_py.core.json_text import read_json
from bema_py.core.types import Address, ModelDigest, classes_of, hex0x, mask_of, unhex
from bema_py.roles.original_party import RegistrationRequest

MAX_FILE_BYTES = 64 * 1024


class HandoverError(MalformedError):
    """A request, approval or vote file cannot be read as one."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and the reason."""
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


def write_request(path: Path, request: RegistrationRequest) -> None:
    """Write a registration request as JSON."""
    path.write_text(json.dumps(request_to_plain(request), indent=1) + "\n")


def request_to_plain(request: RegistrationRequest) -> dict[str, Any]:
    """Return a registration request as JSON-ready values."""
    return {
        "account": hex0x(request.account),
        "model_card": hex0x(request.model_card),
        "held_classes": list(classes_of(request.held_classes)),
        "label_space": list(classes_of(request.label_space)),
    }


def read_request(path: Path) -> RegistrationRequest:
    """Read a registration request; raises HandoverError."""
    try:
        return request_from_plain(_read_json(path))
    except InputError as error:
        raise HandoverError(path, str(error)) from error


def request_from_plain(plain: Mapping[str, Any]) -> RegistrationRequest:
    """Read a registration request from its JSON form; raises InputError."""
    try:
        account = unhex(plain["account"])
        model_card = unhex(plain["model_card"])
        held, space = mask_of(plain["held_classes"]), mask_of(plain["label_space"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"it is not a registration request ({error})") from error
    if (len(account), len(model_card)) != (20, 32):
        raise InputError("account must have 20 bytes and model_card 32")
    return RegistrationRequest(Address(account), ModelDigest(model_card), held, space)


def write_approval(path: Path, approval: Approval) -> None:
    """Write a signed approval as JSON."""
    path.write_text(json.dumps(approval.to_plain(), indent=1) + "\n")


def read_approvals(paths: Sequence[Path]) -> list[Approval]:
    """Read signed approvals; raises HandoverError."""
    approvals = []
    for path in paths:
        try:
            approvals.append(Approval.from_plain(_read_json(path)))
        except HandoverError:
            raise
        except BemaError as error:
            raise HandoverError(path, f"it is not an approval ({error})") from error
    return approvals


def write_vote(path: Path, vote: Vote) -> None:
    """Write a signed vote as JSON."""
    path.write_text(json.dumps(vote.to_plain(), indent=1) + "\n")


def read_votes(paths: Sequence[Path]) -> list[Vote]:
    """Read signed votes; raises HandoverError."""
    votes = []
    for path in paths:
        try:
            votes.append(Vote.from_plain(_read_json(path)))
        except HandoverError:
            raise
        except BemaError as error:
            raise HandoverError(path, f"it is not a vote ({error})") from error
    return votes


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        plain = read_json(data[:MAX_FILE_BYTES])
    except OSError as error:
        raise HandoverError(path, f"it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise HandoverError(path, f"it is not JSON ({error})") from error
    if not isinstance(plain, dict):
        raise HandoverError(path, "it is not a JSON object")
    return plain
