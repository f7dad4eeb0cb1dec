"""Compiling and deploying the contracts."""
