"""The `bema` command."""
