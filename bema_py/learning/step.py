"""One calibration step: on which sample, of which output, and how far."""

from dataclasses import dataclass
from math import isqrt

from bema_py.learning.arithmetic import ONE, PROBABILITY_UNIT


@dataclass(frozen=True, slots=True)
class Step:
    """One step on one model: the sample's position among the round's images, the output and the sign.

    The sign is +1 to enhance the output's class and -1 to impair it.
    """

    sample: int
    output: int
    sign: int


@dataclass(frozen=True, slots=True)
class StepSettings:
    """How far a step goes: E in 2^-30, the norm's cap G in 2^-18, and whether the mode is "h"."""

    step_size: int
    cap: int
    literal: bool

    def multiplier(self, squared_norm: int, score: int) -> int:
        """Give M in 2^-30 for S, the squared norm, and P_y, the score of the step's class."""
        norm = isqrt(squared_norm) >> 18
        if not self.literal:
            return self.step_size if norm <= self.cap else self.step_size * self.cap // norm
        # The gradient of h is h times that of log h, so its norm is P_y * N / 2^24.
        if score * norm <= self.cap * ONE:
            return (self.step_size * score) >> PROBABILITY_UNIT
        return self.step_size * self.cap // norm
