"""The four kinds of layer, their shapes and their plain form."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from bema_py.core.checks import check_integer
from bema_py.core.errors import InputError

KERNEL = 5
"""Convolutions are 5x5 with stride 1."""

Shape = tuple[int, ...]
"""(channels, height, width) of an image, or (features,) once flat."""


class ArchitectureError(InputError):
    """An architecture that cannot be built."""


class LayerShapeError(ArchitectureError):
    """A layer does not accept the shape the layer before it gives."""

    def __init__(self, layer: str, shape: Shape, required: str) -> None:
        """Keep the layer's kind, the shape it was given and what it requires."""
        self.layer = layer
        self.shape = shape
        self.required = required
        super().__init__(f"{layer} cannot take an input of shape {shape}: it requires {required}")


class UnknownLayerError(ArchitectureError):
    """The plain form of a layer is none of the four kinds."""

    def __init__(self, plain: object) -> None:
        """Keep the plain form found."""
        self.plain = plain
        super().__init__(f"{plain!r:.80} is not a layer")


@dataclass(frozen=True, slots=True)
class Convolution:
    """A 5x5 cross-correlation with stride 1 and zero padding."""

    in_channels: int
    out_channels: int
    padding: int

    def __post_init__(self) -> None:
        """Refuse channels and padding that no image could use."""
        check_integer("in_channels", self.in_channels, 1, 2**16)
        check_integer("out_channels", self.out_channels, 1, 2**16)
        # More than 4 would add outputs that see nothing but zeros.
        check_integer("padding", self.padding, 0, KERNEL - 1)

    def output_shape(self, shape: Shape) -> Shape:
        """Give (out_channels, height, width) for an image of in_channels; raises LayerShapeError."""
        if len(shape) != 3 or shape[0] != self.in_channels:
            raise LayerShapeError("convolution", shape, f"an image of {self.in_channels} channels")
        height, width = (size + 2 * self.padding - KERNEL + 1 for size in shape[1:])
        if height < 1 or width < 1:
            raise LayerShapeError("convolution", shape, f"sides of at least {KERNEL - 2 * self.padding}")
        return (self.out_channels, height, width)

    def parameter_shapes(self) -> tuple[Shape, Shape]:
        """Give the shapes of the weight (out, in, 5, 5) and the bias (out,)."""
        return (self.out_channels, self.in_channels, KERNEL, KERNEL), (self.out_channels,)

    def to_plain(self) -> list[str | int]:
        """Give the list that stands for the layer in a model card."""
        return ["convolution", self.in_channels, self.out_channels, self.padding]


@dataclass(frozen=True, slots=True)
class Relu:
    """The rectifier max(z, 0)."""

    def output_shape(self, shape: Shape) -> Shape:
        """Give the shape unchanged."""
        return shape

    def to_plain(self) -> list[str | int]:
        """Give the list that stands for the layer in a model card."""
        return ["relu"]


@dataclass(frozen=True, slots=True)
class Pool:
    """The mean over 2x2 squares."""

    def output_shape(self, shape: Shape) -> Shape:
        """Halve height and width; raises LayerShapeError unless both are even."""
        if len(shape) != 3 or shape[1] % 2 or shape[2] % 2:
            raise LayerShapeError("pool", shape, "an image of even height and width")
        return (shape[0], shape[1] // 2, shape[2] // 2)

    def to_plain(self) -> list[str | int]:
        """Give the list that stands for the layer in a model card."""
        return ["pool"]


@dataclass(frozen=True, slots=True)
class Linear:
    """A fully connected layer; an image is flattened in the order channel, row, column."""

    inputs: int
    outputs: int

    def __post_init__(self) -> None:
        """Refuse sizes that no bound could admit."""
        check_integer("inputs", self.inputs, 1, 2**20)
        check_integer("outputs", self.outputs, 1, 2**20)

    def output_shape(self, shape: Shape) -> Shape:
        """Give (outputs,); raises LayerShapeError unless the input has as many values as inputs."""
        if prod(shape) != self.inputs:
            raise LayerShapeError("linear", shape, f"{self.inputs} values")
        return (self.outputs,)

    def parameter_shapes(self) -> tuple[Shape, Shape]:
        """Give the shapes of the weight (out, in) and the bias (out,)."""
        return (self.outputs, self.inputs), (self.outputs,)

    def to_plain(self) -> list[str | int]:
        """Give the list that stands for the layer in a model card."""
        return ["linear", self.inputs, self.outputs]


Layer = Convolution | Relu | Pool | Linear


def layer_from_plain(plain: object) -> Layer:
    """Build the layer a plain list stands for; raises UnknownLayerError and the layers' own errors."""
    if not isinstance(plain, Sequence) or isinstance(plain, str | bytes):
        raise UnknownLayerError(plain)
    match list(plain):
        case ["convolution", in_channels, out_channels, padding]:
            return Convolution(in_channels, out_channels, padding)
        case ["relu"]:
            return Relu()
        case ["pool"]:
            return Pool()
        case ["linear", inputs, outputs]:
            return Linear(inputs, outputs)
        case _:
            raise UnknownLayerError(plain)


LayerOutline = tuple[str, int, int] | tuple[str, int] | tuple[str]
"""What a layer is without its inputs: ("convolution", channels, padding), ("linear", outputs), ("relu",), ("pool",)."""


def layer_from_outline(outline: LayerOutline, shape: Shape) -> Layer:
    """Build the layer of an outline that takes inputs of this shape; raises UnknownLayerError and the layers' own."""
    match outline:
        case ("convolution", channels, padding):
            return Convolution(shape[0], channels, padding)
        case ("linear", outputs):
            return Linear(prod(shape), outputs)
        case ("relu",):
            return Relu()
        case ("pool",):
            return Pool()
        case _:
            raise UnknownLayerError(outline)
