"""Why original parties decided something: a text as content, whose digest they sign."""

from dataclasses import dataclass

from bema_py.core.checks import check_bytes
from bema_py.core.encoding import encode
from bema_py.core.errors import BemaError, InputError
from bema_py.core.fields import VERSION, WrongTypeError, read_object, reading
from bema_py.core.types import BlockHash, Digest
from bema_py.storage.content_store import ContentStore

MAX_REASON = 4096
"""Characters of a reason."""
MAX_REASON_SIZE = 4 * MAX_REASON + 64


@dataclass(frozen=True)
class Reason:
    """What founders recorded; `failed` is the block at which a party had failed the data witness too often."""

    text: str
    failed: BlockHash | None = None


def publish_reason(store: ContentStore, text: str, failed: BlockHash | None = None) -> Digest:
    """Store a reason; its digest is what is signed. Raises InputError for an empty or too long one."""
    if not 0 < len(text) <= MAX_REASON:
        raise InputError(f"a reason has 1 to {MAX_REASON} characters, this one has {len(text)}")
    return store.put_object(encode({"version": VERSION, "reason": text, "failed": failed}))


def load_reason(store: ContentStore, digest: Digest) -> Reason:
    """Read a reason; raises ContentMissingError and MalformedError leaves."""
    data = store.get_object(digest, max_size=MAX_REASON_SIZE)
    fields = read_object("reason", data, frozenset({"reason", "failed"}), max_size=MAX_REASON_SIZE)
    text, failed = fields["reason"], fields["failed"]
    if not isinstance(text, str):
        raise WrongTypeError("reason", text, "text")
    if failed is None:
        return Reason(text)
    with reading("reason"):
        return Reason(text, BlockHash(check_bytes("failed block", failed, 32)))


def read_reason(store: ContentStore, digest: Digest) -> str:
    """Return the text of a reason, or say in brackets why there is none."""
    try:
        return load_reason(store, digest).text
    except BemaError as error:
        return f"[not readable: {error}]"
