"""Evidence bundles: a whole history with its proofs in one deterministic set of files."""
