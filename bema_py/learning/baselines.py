"""What the multiparty models are measured against."""

from bema_py.learning.cases import ALL_CLASSES, CaseParty
from bema_py.learning.datasets import SplitDataset


def centralised_party(dataset: SplitDataset) -> CaseParty:
    """Return the one party of a world where nobody had to keep data apart: a LeNet-5 on the whole training set."""
    return CaseParty(dataset.training, ALL_CLASSES, ALL_CLASSES, "lenet5", original=True)
