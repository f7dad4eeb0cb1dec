"""Architectures declared in a TOML file: the layers between the input and the outputs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bema_py.core.architecture import GREY_28, MAX_LAYERS, Architecture, Image, fit
from bema_py.core.checks import FieldChoiceError, FieldLengthError, FieldTypeError, check_image
from bema_py.core.errors import InputError
from bema_py.core.layers import LayerOutline
from bema_py.core.toml_file import TomlFileError, toml_file

LOSSES = ("cross_entropy", "hinge")
"""What a party's own training may minimise."""

LAYER_FORMS = ('"relu"', '"pool"', "{ linear = outputs }", "{ convolution = channels, padding = n }")

LEAST_OUTPUTS = 2
"""One class and the reserved output: what does not fit with these fits with no more."""


class ArchitectureFileError(TomlFileError):
    """A file does not declare an architecture, or one that cannot be evaluated exactly."""


class InputShapeError(InputError):
    """The declared input is not the shape of the data."""

    def __init__(self, path: Path, declared: Image, found: Image) -> None:
        """Keep the file, the shape it declares and that of the data."""
        self.path, self.declared, self.found = path, declared, found
        super().__init__(f"{path}: input is {list(declared)}, the data has {list(found)}")


@dataclass(frozen=True, slots=True)
class DeclaredArchitecture:
    """A file's input shape, the layers before the last one, and what training minimises."""

    path: Path
    input: Image
    layers: tuple[LayerOutline, ...]
    loss: str

    def __call__(self, outputs: int, image: Image = GREY_28) -> Architecture:
        """Build the architecture; raises InputShapeError and ArchitectureFileError."""
        if image != self.input:
            raise InputShapeError(self.path, self.input, image)
        try:
            return fit(image, self.layers, outputs)
        except InputError as error:
            raise ArchitectureFileError(self.path, str(error)) from error


def read_architecture(path: Path) -> DeclaredArchitecture:
    """Read a declaration and make sure that it can be evaluated exactly.

    Raises ArchitectureFileError, which names the field and the fault, or the layer and its bound.
    """
    with toml_file(path, ArchitectureFileError) as plain:
        declared = _parse(path, plain)
    declared(LEAST_OUTPUTS, declared.input)
    return declared


def _parse(path: Path, plain: dict[str, Any]) -> DeclaredArchitecture:
    for name in plain:
        if name not in {"input", "layers", "loss"}:
            raise FieldChoiceError("field", name, ("input", "layers", "loss"))
    shape, layers = plain.get("input"), plain.get("layers")
    if not isinstance(shape, list):
        raise FieldTypeError("input", shape, "a list of channels, height and width")
    if not isinstance(layers, list):
        raise FieldTypeError("layers", layers, "a list")
    if len(layers) >= MAX_LAYERS:
        raise FieldLengthError("layers", len(layers), 0, MAX_LAYERS - 1)
    loss = plain.get("loss", LOSSES[0])
    if loss not in LOSSES:
        raise FieldChoiceError("loss", loss, LOSSES)
    image: Image = check_image("input", tuple(shape))
    return DeclaredArchitecture(path, image, tuple(_outline(*entry) for entry in enumerate(layers)), loss)


def _outline(index: int, plain: Any) -> LayerOutline:
    """Read "relu", "pool", { convolution = channels, padding = n } or { linear = outputs }; sizes are checked later."""
    match plain:
        case "relu" | "pool":
            return (plain,)
        case {"linear": outputs, **rest} if not rest:
            return ("linear", outputs)
        case {"convolution": channels, "padding": padding, **rest} if not rest:
            return ("convolution", channels, padding)
        case _:
            raise FieldChoiceError(f"layers.{index}", plain, LAYER_FORMS)
