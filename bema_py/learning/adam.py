"""The Adam optimiser on one vector, without the start-up cost of torch.optim's compiler hooks."""

import torch
from torch import Tensor

_FIRST, _SECOND, _FLOOR = 0.9, 0.99, 1e-8


class Adam:
    """Adam with decoupled weight decay, keeping every parameter within [-bound, bound]."""

    def __init__(self, parameters: Tensor, weight_decay: float, bound: float) -> None:
        """Start with zero moments for this vector, which is changed in place."""
        self._parameters = parameters
        self._weight_decay = weight_decay
        self._bound = bound
        self._mean = torch.zeros_like(parameters)
        self._square = torch.zeros_like(parameters)
        self._steps = 0

    @torch.no_grad()
    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Take one descent step."""
        self._steps += 1
        self._mean.lerp_(gradient, 1 - _FIRST)
        self._square.mul_(_SECOND).addcmul_(gradient, gradient, value=1 - _SECOND)
        scale = (self._square / (1 - _SECOND**self._steps)).sqrt_().add_(_FLOOR)
        self._parameters.mul_(1 - learning_rate * self._weight_decay)
        self._parameters.addcdiv_(self._mean, scale, value=-learning_rate / (1 - _FIRST**self._steps))
        self._parameters.clamp_(-self._bound, self._bound)
