"""Why original parties decided something: a text as content, whose digest they sign."""

from bema_py.core.encoding import encode
from bema_py.core.errors import BemaError, InputError
from bema_py.core.fields import VERSION, WrongTypeError, read_object
from bema_py.core.types import Digest
from bema_py.storage.content_store import ContentStore

MAX_REASON = 4096
"""Characters of a reason."""
MAX_REASON_SIZE = 4 * MAX_REASON + 64


def publish_reason(store: ContentStore, text: str) -> Digest:
    """Store a reason; its digest is what is signed. Raises InputError for an empty or too long one."""
    if not 0 < len(text) <= MAX_REASON:
        raise InputError(f"a reason has 1 to {MAX_REASON} characters, this one has {len(text)}")
    return store.put_object(encode({"version": VERSION, "reason": text}))


def read_reason(store: ContentStore, digest: Digest) -> str:
    """Return the text of a reason, or say in brackets why there is none."""
    try:
        fields = read_object(
            "reason",
            store.get_object(digest, max_size=MAX_REASON_SIZE),
            frozenset({"reason"}),
            max_size=MAX_REASON_SIZE,
        )
        if not isinstance(fields["reason"], str):
            raise WrongTypeError("reason", fields["reason"], "text")
    except BemaError as error:
        return f"[not readable: {error}]"
    return fields["reason"]
