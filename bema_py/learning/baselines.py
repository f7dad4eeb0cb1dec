"""What the multiparty models are measured against."""

import numpy as np

from bema_py.core.architecture import GREY_28
from bema_py.learning.cases import CaseParty
from bema_py.learning.datasets import SplitDataset


def centralised_party(dataset: SplitDataset) -> CaseParty:
    """Return the one party of a world where nobody had to keep data apart: one model on the whole training set.

    It is a LeNet-5 on 28x28 images, a perceptron on everything else.
    """
    classes = tuple(np.unique(dataset.training.labels).tolist())
    kind = "lenet5" if dataset.training.shape == GREY_28 else "mlp"
    return CaseParty(dataset.training, classes, classes, kind, original=True)
