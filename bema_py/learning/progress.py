"""How long computations tell their caller how far they are."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the name of the stage, the units done and all units; may raise to interrupt."""
