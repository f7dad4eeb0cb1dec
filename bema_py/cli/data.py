"""`bema data`: look at a data set before anybody trains on it."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from bema_py.cli.output import JsonOption, emit, table
from bema_py.learning.sources import load_dataset


def show(
    dataset: Annotated[str, typer.Argument(help="digits, mnist or a file FILE.npz.")],
    data_dir: Annotated[Path | None, typer.Option(help="Directory of MNIST's IDX files.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a data set's shape, how many samples of each class it has and, for a table, the digest of its scaling.

    Example: bema data show clinic.npz
    """
    data = load_dataset(dataset, data_dir)
    training, test = (
        np.bincount(part.labels, minlength=data.classes).tolist() for part in (data.training, data.test)
    )
    values = {
        "shape": list(data.training.shape),
        "training": training,
        "test": test,
        "scaling": None if data.scaling is None else data.scaling.hex(),
    }
    emit(as_json, values, table(data.name, ("what", "value"), list(values.items())))
