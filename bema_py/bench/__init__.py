"""How fast the exact arithmetic is, beside floating point in the same run."""
