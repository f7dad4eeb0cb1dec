"""Everything that speaks to Ethereum."""
