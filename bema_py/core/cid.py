"""Content identifiers: CIDv1, SHA-256, shown in base32, of three codecs only."""

from base64 import b32decode, b32encode

from multiformats import CID, multibase, multicodec, multihash

from bema_py.core.checks import check_bytes
from bema_py.core.errors import InputError, MalformedError
from bema_py.core.hashing import sha256
from bema_py.core.types import Digest

RAW = 0x55
DAG_PB = 0x70
DAG_CBOR = 0x71
_CODECS = {RAW: multicodec.get("raw"), DAG_PB: multicodec.get("dag-pb"), DAG_CBOR: multicodec.get("dag-cbor")}
_TEXT_BASE, _SHA2_256 = multibase.get("base32"), multihash.get("sha2-256")
# After version and codec: sha2-256, 32 bytes. One-byte varints throughout, so a CID is always 36 bytes.
_MULTIHASH = b"\x12\x20"
CID_SIZE = 36
_BASE32 = "b"
_TEXT_SIZE = 59
_PADDING = "=" * 6


class CidTextError(InputError):
    """Text that is not the base32 form of a content identifier in use here."""

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self.text = text
        super().__init__(f"{text[:80]!r} is not a base32 CIDv1 of raw, dag-pb or dag-cbor content by SHA-256")


class CidBytesError(MalformedError):
    """Bytes that are not a content identifier in use here."""

    def __init__(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data = data
        shown = f"0x{data[:40].hex()} ({len(data)} bytes)"
        super().__init__(f"{shown} is not a CIDv1 of raw, dag-pb or dag-cbor content by SHA-256")


def _cid(codec: int, digest: Digest) -> CID:
    check_bytes("digest", digest, 32)
    # Not by the public constructor: it checks types by trying, which takes 30 times as long, and the errors that it
    # catches refer to themselves and to the caller's frames, so that whole blocks wait for the collector of cycles.
    return CID._new_instance(CID, _TEXT_BASE, 1, _CODECS[codec], _SHA2_256, _MULTIHASH + digest)


def object_cid(digest: Digest) -> CID:
    """Name the DAG-CBOR object of this SHA-256."""
    return _cid(DAG_CBOR, digest)


def raw_cid(digest: Digest) -> CID:
    """Name the raw block of this SHA-256."""
    return _cid(RAW, digest)


def node_cid(digest: Digest) -> CID:
    """Name the dag-pb node (an inner node of a file) of this SHA-256."""
    return _cid(DAG_PB, digest)


def cid_from_bytes(data: bytes) -> CID:
    """Read the 36 binary bytes; raises CidBytesError for any other version, codec, hash or length."""
    if len(data) != CID_SIZE or data[0] != 1 or data[1] not in _CODECS or data[2:4] != _MULTIHASH:
        raise CidBytesError(data)
    return _cid(data[1], Digest(data[4:]))


def parse_cid(text: str) -> CID:
    """Read the base32 text; raises CidTextError for everything that is not exactly that form."""
    # Not by the library, which would take any base and any hash.
    if len(text) != _TEXT_SIZE or not text.startswith(_BASE32):
        raise CidTextError(text)
    try:
        cid = cid_from_bytes(b32decode(text[1:].upper() + _PADDING))
    except (ValueError, CidBytesError) as error:
        raise CidTextError(text) from error
    # Upper case and spare bits that are not zero would be second names of the same content.
    if cid_text(cid) != text:
        raise CidTextError(text)
    return cid


def cid_text(cid: CID) -> str:
    """Give the base32 text, whatever base the identifier was read from."""
    return _BASE32 + b32encode(bytes(cid)).decode("ascii").rstrip("=").lower()


def codec_of(cid: CID) -> int:
    """Give the codec's number: RAW, DAG_PB or DAG_CBOR."""
    return bytes(cid)[1]


def digest_of(cid: CID) -> Digest:
    """Give the SHA-256 that the identifier holds."""
    return Digest(bytes(cid)[4:])


def verify(cid: CID, data: bytes) -> bool:
    """Say whether the data is what the identifier names."""
    return sha256(data) == digest_of(cid)
