"""A founder's private references, as the commands that need them find them: by its data and one secret file."""

import os
import secrets
from pathlib import Path

from bema_py.cli.opening import open_share, state_directory
from bema_py.cli.profile import Profile, ProfileError
from bema_py.core.witness import Feature
from bema_py.learning.datasets import Dataset
from bema_py.learning.references import ReferenceSet, reference_set, split_references

SECRET_LENGTH = 32


def secret_file(profile: Profile) -> Path:
    """Return the file that holds a founder's secret; without it there are no references."""
    return state_directory(profile) / "reference_secret"


def make_secret(profile: Profile) -> None:
    """Draw a founder's secret, for its eyes only, unless there is one: another would give another root."""
    path = secret_file(profile)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_LENGTH))


def open_references(profile: Profile, kind: Feature) -> ReferenceSet:
    """Return the founder's references, chosen from its private data by its secret."""
    share, secret = open_share(profile), _read_secret(profile)
    chosen, _ = split_references(share.private, share.held, secret)
    return reference_set(kind, share.private.select(chosen), secret)


def without_references(profile: Profile, private: Dataset, held: tuple[int, ...]) -> Dataset:
    """Return what a founder may offer: all but its references. A party without references may offer everything."""
    if not secret_file(profile).exists():
        return private
    _, rest = split_references(private, held, _read_secret(profile))
    return private.select(rest)


def _read_secret(profile: Profile) -> bytes:
    path = secret_file(profile)
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise ProfileError(profile.path, f"{path} cannot be read ({error.strerror})") from error
    if len(secret) != SECRET_LENGTH:
        raise ProfileError(profile.path, f"{path} has {len(secret)} bytes, {SECRET_LENGTH} are needed")
    return secret
