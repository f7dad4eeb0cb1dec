"""What Ethereum's own hashes are called."""

from typing import NewType

EthereumHash = NewType("EthereumHash", bytes)
"""32 bytes naming an Ethereum block or transaction."""
