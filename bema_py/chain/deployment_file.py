"""The deployment record as a JSON file."""

import json
import os
from pathlib import Path
from typing import Any

from bema_py.chain.deployment import Deployment, Founder
from bema_py.chain.errors import PlainFormError, RecordFileError
from bema_py.chain.parameters import Parameters
from bema_py.chain.plain import read_fields, record_from_plain, record_to_plain
from bema_py.core.json_text import read_json

VERSION = 1
MAX_SIZE = 1 << 20
RECORD = (
    ("chain_id", "uint256"),
    ("address", "address"),
    ("block_number", "uint48"),
    ("transaction_hash", "bytes32"),
    ("genesis_hash", "bytes32"),
    ("code_hash", "bytes32"),
)
PARAMETERS = (
    ("rules_digest", "bytes32"),
    ("classes", "uint16"),
    ("approvals_per_class", "uint8"),
    ("commitment_expiry", "uint32"),
    ("target", "uint256"),
    ("max_target", "uint256"),
    ("block_spacing", "uint32"),
    ("retarget_interval", "uint32"),
    ("easing_spacings", "uint32"),
    ("challenge_window", "uint32"),
    ("quorum", "uint8"),
    ("bond", "uint96"),
    ("max_reward_per_block", "uint96"),
)
FOUNDER = (("account", "address"), ("held_classes", "uint256"))


def deployment_to_plain(deployment: Deployment) -> dict[str, Any]:
    """Give the JSON form: bytes in hexadecimal, 256-bit integers as decimal text."""
    return {
        "version": VERSION,
        **record_to_plain(RECORD, deployment),
        "parameters": record_to_plain(PARAMETERS, deployment.parameters),
        "founders": [record_to_plain(FOUNDER, each) for each in deployment.founders],
    }


def deployment_from_plain(plain: object) -> Deployment:
    """Read the JSON form. Raises `PlainFormError` for an unknown, missing or ill-typed field."""
    names = ["version", *(name for name, _ in RECORD), "parameters", "founders"]
    given = read_fields("deployment", plain, names)
    if given["version"] != VERSION:
        raise PlainFormError("deployment.version", f"{given['version']!r}, this program reads {VERSION}")
    if not isinstance(given["founders"], list):
        raise PlainFormError("deployment.founders", "no list")
    record = {name: given[name] for name, _ in RECORD}
    return Deployment(
        **record_from_plain("deployment", RECORD, record),
        parameters=Parameters(**record_from_plain("deployment.parameters", PARAMETERS, given["parameters"])),
        founders=tuple(
            Founder(**record_from_plain(f"deployment.founders[{index}]", FOUNDER, each))
            for index, each in enumerate(given["founders"])
        ),
    )


def deployment_text(deployment: Deployment) -> str:
    """Give the text of the file."""
    return json.dumps(deployment_to_plain(deployment), indent=2) + "\n"


def save_deployment(deployment: Deployment, path: Path) -> None:
    """Write the record; a crash leaves the old file or the new one."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(deployment_text(deployment))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load_deployment(path: Path) -> Deployment:
    """Read a record. Raises `RecordFileError` for no file or no JSON, `PlainFormError` for other content."""
    try:
        if path.stat().st_size > MAX_SIZE:
            raise RecordFileError(path, f"larger than {MAX_SIZE} bytes")
        plain = read_json(path.read_bytes())
    except OSError as error:
        raise RecordFileError(path, error.strerror or "cannot be read") from error
    except ValueError as error:
        raise RecordFileError(path, "no JSON") from error
    return deployment_from_plain(plain)
