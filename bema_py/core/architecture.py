"""A network's architecture as data: validated, encodable, and the same for every party."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType

from bema_py.core.bounds import ArchitectureBoundError, check_bounds
from bema_py.core.checks import FieldLengthError, FieldTypeError, check_image, check_integer
from bema_py.core.layers import (
    ArchitectureError,
    Convolution,
    Layer,
    LayerShapeError,
    Linear,
    Pool,
    Relu,
    Shape,
    layer_from_plain,
)
from bema_py.core.types import MAX_CLASSES

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ArchitectureBoundError",
    "ArchitectureError",
    "Convolution",
    "Layer",
    "LayerShapeError",
    "Linear",
    "Pool",
    "Relu",
    "lenet4",
    "lenet5",
    "linear",
    "mlp",
    "name_of",
]

MAX_LAYERS = 64


class LastLayerError(ArchitectureError):
    """The last layer is not linear, so it cannot give scores."""

    def __init__(self, last: Layer) -> None:
        """Keep the layer found at the end."""
        self.last = last
        super().__init__(f"the last layer must be linear, found {last.to_plain()[0]}")


@dataclass(frozen=True, slots=True)
class Architecture:
    """The input's (channels, height, width) and the layers in order.

    Creating one checks that the shapes fit and that every sum stays within 2^53 (ArchitectureBoundError).
    Flattening before the first linear layer is implied.
    """

    input: tuple[int, int, int]
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be evaluated exactly."""
        check_image("input", self.input)
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise FieldLengthError("layers", len(self.layers), 1, MAX_LAYERS)
        last = self.layers[-1]
        if not isinstance(last, Linear):
            raise LastLayerError(last)
        # One class and the reserved output at least; every class and the reserved output at most.
        check_integer("outputs", last.outputs, 2, MAX_CLASSES + 1)
        check_bounds(self.layers, self.shapes())

    def shapes(self) -> tuple[Shape, ...]:
        """Give the input shape of every layer, then the output shape; raises LayerShapeError."""
        shapes: list[Shape] = [self.input]
        for layer in self.layers:
            shapes.append(layer.output_shape(shapes[-1]))
        return tuple(shapes)

    @property
    def outputs(self) -> int:
        """Give the number of outputs, the reserved one included."""
        last = self.layers[-1]
        assert isinstance(last, Linear)  # __post_init__ refused everything else
        return last.outputs

    @property
    def parameter_count(self) -> int:
        """Give the number of parameters over all tensors."""
        return sum(prod(shape) for _, shape in self.parameter_shapes())

    def parameter_shapes(self) -> tuple[tuple[str, Shape], ...]:
        """Give name and shape of every tensor, in layer order, weight before bias."""
        named: list[tuple[str, Shape]] = []
        for index, layer in enumerate(self.layers):
            if isinstance(layer, Convolution | Linear):
                weight, bias = layer.parameter_shapes()
                named += [(f"layers.{index}.weight", weight), (f"layers.{index}.bias", bias)]
        return tuple(named)

    def to_plain(self) -> dict[str, object]:
        """Give the map that stands for the architecture in a model card."""
        return {"input": list(self.input), "layers": [layer.to_plain() for layer in self.layers]}

    @classmethod
    def from_plain(cls, plain: object) -> "Architecture":
        """Build the architecture of a plain map; raises InputError leaves for anything else."""
        if not isinstance(plain, Mapping) or set(plain) != {"input", "layers"}:
            raise FieldTypeError("architecture", plain, "a map of input and layers")
        image, layers = plain["input"], plain["layers"]
        if not isinstance(image, list | tuple) or not isinstance(layers, list | tuple):
            raise FieldTypeError("architecture", image, "a list of sizes and a list of layers")
        if len(image) != 3:
            raise FieldLengthError("input", len(image), 3, 3)
        if len(layers) > MAX_LAYERS:
            raise FieldLengthError("layers", len(layers), 1, MAX_LAYERS)
        return cls((image[0], image[1], image[2]), tuple(layer_from_plain(layer) for layer in layers))


def lenet5(outputs: int) -> Architecture:
    """Build LeNet-5 on 28x28 grey images: convolutions of 6 and 16 channels, then 400-120-84-outputs."""
    convolutions = (Convolution(1, 6, 2), Relu(), Pool(), Convolution(6, 16, 0), Relu(), Pool())
    head = (Linear(400, 120), Relu(), Linear(120, 84), Relu(), Linear(84, outputs))
    return Architecture((1, 28, 28), convolutions + head)


def lenet4(outputs: int) -> Architecture:
    """Build LeNet-4 on 28x28 grey images: convolutions of 4 and 16 channels, then 400-120-outputs."""
    convolutions = (Convolution(1, 4, 2), Relu(), Pool(), Convolution(4, 16, 0), Relu(), Pool())
    return Architecture((1, 28, 28), (*convolutions, Linear(400, 120), Relu(), Linear(120, outputs)))


def mlp(outputs: int) -> Architecture:
    """Build the perceptron 784-300-100-outputs on 28x28 grey images."""
    layers = (Linear(784, 300), Relu(), Linear(300, 100), Relu(), Linear(100, outputs))
    return Architecture((1, 28, 28), layers)


def linear(outputs: int) -> Architecture:
    """Build the linear softmax 784-outputs on 28x28 grey images."""
    return Architecture((1, 28, 28), (Linear(784, outputs),))


ARCHITECTURES: Mapping[str, Callable[[int], Architecture]] = MappingProxyType(
    {"lenet5": lenet5, "lenet4": lenet4, "mlp": mlp, "linear": linear}
)
"""The named architectures, by the number of outputs (label space and the reserved one)."""


def name_of(architecture: Architecture) -> str:
    """Give the name under which the architecture is known, or "custom"."""
    for name, build in ARCHITECTURES.items():
        if build(architecture.outputs) == architecture:
            return name
    return "custom"
