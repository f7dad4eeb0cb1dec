"""Bytes and hashes: encodings, leaves, Merkle trees, headers, content identifiers."""
