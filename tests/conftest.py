"""Being here puts `tests/` on the import path, so that every kind of test can share the scenarios."""
