"""What the multiparty models are measured against."""

from bema_py.core.architecture import lenet5
from bema_py.learning.cases import ALL_CLASSES
from bema_py.learning.datasets import CLASSES, SplitDataset
from bema_py.learning.model import Model
from bema_py.learning.training import Progress, Recipe, train_local


def train_centralised(
    dataset: SplitDataset, seed: int, recipe: Recipe, *, progress: Progress | None = None
) -> Model:
    """Train one LeNet-5 on the whole training set, as if nobody had to keep data apart."""
    architecture = lenet5(CLASSES + 1)
    return train_local(architecture, ALL_CLASSES, dataset.training, None, seed, recipe, progress=progress)
