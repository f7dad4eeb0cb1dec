"""A network's architecture as data: validated, encodable, and the same for every party."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Protocol

from bema_py.core.bounds import ArchitectureBoundError, check_bounds
from bema_py.core.checks import FieldLengthError, FieldTypeError, check_image, check_integer
from bema_py.core.errors import InputError
from bema_py.core.layers import (
    ArchitectureError,
    Convolution,
    Layer,
    LayerOutline,
    LayerShapeError,
    Linear,
    Pool,
    Relu,
    Shape,
    layer_from_outline,
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


Image = tuple[int, int, int]
"""The (channels, height, width) of every sample."""

GREY_28: Image = (1, 28, 28)


class LayerFitError(ArchitectureError):
    """A layer of an outline cannot follow the ones before it."""

    def __init__(self, index: int, cause: InputError) -> None:
        """Keep the layer's index in the outline and what is wrong with it."""
        self.index, self.cause = index, cause
        super().__init__(f"layers.{index}: {cause}")


def fit(image: Image, outlines: Sequence[LayerOutline], outputs: int) -> Architecture:
    """Build an architecture of layers that each take what the one before gives, and of a linear one to the outputs.

    Raises LayerFitError with the layer's index, and what Architecture raises.
    """
    layers: list[Layer] = []
    shape: Shape = check_image("input", image)
    for index, outline in enumerate((*outlines, ("linear", outputs))):
        try:
            layers.append(layer_from_outline(outline, shape))
            shape = layers[-1].output_shape(shape)
        except InputError as error:
            raise LayerFitError(index, error) from error
    return Architecture(image, tuple(layers))


class Builder(Protocol):
    """Builds an architecture for a number of outputs (label space and the reserved one) on inputs of a shape."""

    def __call__(self, outputs: int, image: Image = GREY_28) -> Architecture:
        """Build it."""


def lenet5(outputs: int, image: Image = GREY_28) -> Architecture:
    """Build LeNet-5: convolutions of 6 and 16 channels, then 120-84-outputs (400-120-84-outputs on 28x28)."""
    return fit(image, (*_convolutions(6), ("linear", 120), ("relu",), ("linear", 84), ("relu",)), outputs)


def lenet4(outputs: int, image: Image = GREY_28) -> Architecture:
    """Build LeNet-4: convolutions of 4 and 16 channels, then 120-outputs (400-120-outputs on 28x28)."""
    return fit(image, (*_convolutions(4), ("linear", 120), ("relu",)), outputs)


def _convolutions(channels: int) -> tuple[LayerOutline, ...]:
    return (("convolution", channels, 2), ("relu",), ("pool",), ("convolution", 16, 0), ("relu",), ("pool",))


def mlp(outputs: int, image: Image = GREY_28) -> Architecture:
    """Build the perceptron with 300 and 100 hidden units (784-300-100-outputs on 28x28)."""
    return fit(image, (("linear", 300), ("relu",), ("linear", 100), ("relu",)), outputs)


def linear(outputs: int, image: Image = GREY_28) -> Architecture:
    """Build one linear layer (784-outputs on 28x28): linear softmax, or the linear SVM, by how it is trained."""
    return fit(image, (), outputs)


ARCHITECTURES: Mapping[str, Builder] = MappingProxyType(
    {"lenet5": lenet5, "lenet4": lenet4, "mlp": mlp, "linear": linear}
)
"""The named architectures."""


def name_of(architecture: Architecture) -> str:
    """Give the name under which the architecture is known, or "custom"."""
    for name, build in ARCHITECTURES.items():
        try:
            if build(architecture.outputs, architecture.input) == architecture:
                return name
        except ArchitectureError:
            # This one does not take inputs of that shape.
            continue
    return "custom"
