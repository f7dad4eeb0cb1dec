"""How long, how strongly and with what distortions a party trains: plain numbers."""

from dataclasses import dataclass, field, replace

from bema_py.learning.datasets import Dataset

TABLE_LEARNING_RATE = 5e-2
"""For rows of a table: few features need large weights. Of 1.5e-3, 1.5e-2 and 5e-2 the best on a fifth of the training
samples of scikit-learn's breast cancer and wine tables, for every kind of model."""


@dataclass(frozen=True, slots=True)
class Distortion:
    """How far an image may be distorted.

    rotation: degrees. zoom and shear: fractions. shift: pixels. These are bounds of uniform draws.
    elastic: standard deviation, in pixels, of a smooth displacement field.
    """

    rotation: float = 12.0
    zoom: float = 0.15
    shear: float = 0.2
    shift: float = 2.0
    elastic: float = 1.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """Length and strength of a local training.

    learning_rate is the peak; it falls to zero along half a cosine. smoothing: label smoothing of the cross entropy.
    held_weight: how many times as likely a batch shows a class of the private data as another class of the label
    space. reserved_share: share of each batch that shows no class of the label space. distortion: None shows records
    as they are.
    """

    steps: int
    batch_size: int = 32
    learning_rate: float = 1.5e-3
    weight_decay: float = 1e-2
    smoothing: float = 0.0
    held_weight: float = 1.0
    reserved_share: float = 0.05
    distortion: Distortion | None = field(default_factory=Distortion)

    def __str__(self) -> str:
        """Say how many batches of what are shown."""
        return f"{self.steps} batches of {self.batch_size}, {'plain' if self.distortion is None else 'augmented'}"


def suited(recipe: Recipe, data: Dataset) -> Recipe:
    """Give the recipe with the learning rate that suits the samples: rows of a table need a larger one."""
    return replace(recipe, learning_rate=TABLE_LEARNING_RATE) if data.shape[1] == 1 else recipe
