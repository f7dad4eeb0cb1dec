"""The proof obligation behind exact float64 arithmetic: every sum of |products| stays at or below 2^53."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2, prod

from bema_py.core.layers import KERNEL, ArchitectureError, Convolution, Layer, Linear, Shape

EXACT = 2**53
"""Up to here every integer is a float64, so sums below it do not depend on their order."""

WEIGHT = ACTIVATION = DELTA = 2**22
PIXEL = 2**16
SCALED_DELTA = 2**24
BIAS = WEIGHT * 2**16
MAX_STEPS = 127
"""Steps of one round on one model: 127 * 2^24 * 2^22 is the last multiple below 2^53."""


class ArchitectureBoundError(ArchitectureError):
    """A layer could produce a sum that float64 does not hold exactly."""

    def __init__(self, layer: str, quantity: str, bound: int) -> None:
        """Keep the layer's name, the sum and the largest value it could reach."""
        self.layer = layer
        self.quantity = quantity
        self.bound = bound
        super().__init__(
            f"{layer}: the {quantity} could reach {bound} = 2^{log2(bound):.3f}, "
            f"the exact range ends at 2^53 = {EXACT}"
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest value one sum of |products| of one layer can reach."""

    layer: str
    quantity: str
    value: int

    @property
    def bits(self) -> float:
        """Give log2 of the value."""
        return log2(self.value)


def round_bound(steps: int, activation: int = ACTIVATION) -> int:
    """Give the largest sum of |u * A| of a linear layer over a round of so many steps."""
    return steps * SCALED_DELTA * activation


def layer_bounds(layers: Sequence[Layer], shapes: Sequence[Shape]) -> Iterator[Bound]:
    """Yield every bound of an architecture.

    shapes[k] is the input shape of layers[k]; the output shape of the last layer follows. Until the first
    layer with parameters the activations are pixels (16 bits), and that layer computes no gradient for its
    input, so it has no transposed sum.
    """
    activation = PIXEL
    for index, layer in enumerate(layers):
        if not isinstance(layer, Convolution | Linear):
            continue
        name = f"layers.{index}"
        if isinstance(layer, Convolution):
            forward_terms, transposed_terms = layer.in_channels * KERNEL**2, layer.out_channels * KERNEL**2
            positions = prod(shapes[index + 1][1:])
            gradient = Bound(name, "weight gradient", positions * DELTA * activation)
        else:
            forward_terms, transposed_terms = layer.inputs, layer.outputs
            gradient = Bound(name, "weight update", round_bound(MAX_STEPS, activation))
        yield Bound(name, "forward sum", forward_terms * WEIGHT * activation + BIAS)
        yield gradient
        if activation != PIXEL:
            yield Bound(name, "transposed sum", transposed_terms * WEIGHT * DELTA)
        activation = ACTIVATION


def check_bounds(layers: Sequence[Layer], shapes: Sequence[Shape]) -> None:
    """Refuse layers whose arithmetic would not be exact, with ArchitectureBoundError."""
    for bound in layer_bounds(layers, shapes):
        if bound.value > EXACT:
            raise ArchitectureBoundError(bound.layer, bound.quantity, bound.value)
