"""Where data sets come from: the named ones and a user's own."""

from pathlib import Path

from bema_py.learning.datasets import DatasetError, SplitDataset, load_digits_dataset
from bema_py.learning.download import download_mnist
from bema_py.learning.idx import load_mnist
from bema_py.learning.npz import load_npz

DATASETS = ("digits", "mnist")
CACHE = Path("~/.cache/bema/mnist")


class UnknownDatasetError(DatasetError):
    """A data set of that name is not offered."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"there is no data set {name!r}, choose one of {', '.join(DATASETS)} or a file FILE.npz"
        )


def load_dataset(name: str, directory: Path | None = None) -> SplitDataset:
    """Load a data set by name, or a user's own from the path of its .npz file.

    `digits` is embedded. `mnist` is read from a directory of IDX files; without one it is downloaded once, with
    checksums. Raises DatasetError leaves.
    """
    if name.endswith(".npz"):
        return load_npz(Path(name))
    if name == "digits":
        return load_digits_dataset()
    if name != "mnist":
        raise UnknownDatasetError(name)
    if directory is None:
        directory = CACHE.expanduser()
        download_mnist(directory)
    return load_mnist(directory)
