"""The ten-party demonstration."""
