"""`bema predict`: classify with all models together."""

from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from bema_py.cli.opening import open_dataset, open_network
from bema_py.cli.output import JsonOption, emit, table
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.core.errors import InputError
from bema_py.core.rules import Rules
from bema_py.learning.npz import load_samples
from bema_py.learning.predictors import accuracy
from bema_py.roles.network import read_ledger
from bema_py.roles.prediction import predict_all


def predict(
    images: Annotated[
        Path | None,
        typer.Argument(
            help="A .npy file of uint8 images (n, c, h, w), or a .npz file of images or features; "
            "without it the test data."
        ),
    ] = None,
    profile: ProfileOption = Path("bema.toml"),
    as_json: JsonOption = False,
) -> None:
    """Predict classes with the max-model, Krum and Krum-mean predictors over the models at the tip.

    Example: bema predict records.npy --profile party.toml --json
    """
    settings = load_profile(profile)
    network = open_network(settings)
    history = network.history()
    ledger = read_ledger(network, history)
    labels = None
    if images is None:
        test = open_dataset(settings).test
        pixels, labels = test.images, test.labels
    else:
        pixels = read_images(images, network.rules)
    found = predict_all(network, history, ledger, pixels)
    if labels is not None:
        shares = {name: accuracy(predictions, labels) for name, predictions in found.items()}
        rows = [(name, f"{100 * share:.2f} %") for name, share in shares.items()]
        emit(
            as_json,
            {"height": ledger.height, "samples": len(labels), "accuracy": shares},
            table("test accuracy", ("predictor", "accuracy"), rows),
        )
        return
    values = {name: predictions.tolist() for name, predictions in found.items()}
    rows = [(index, *(values[name][index] for name in values)) for index in range(len(pixels))]
    emit(
        as_json,
        {"height": ledger.height, "predictions": values},
        table("predictions", ("image", *values), rows),
    )


def read_images(path: Path, rules: Rules) -> npt.NDArray[np.uint8]:
    """Read uint8 images of the rules' shape from a .npy or .npz file; nothing in it is unpickled."""
    try:
        images = load_samples(path) if path.suffix == ".npz" else np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a .npy file of images ({error})") from error
    if (
        not isinstance(images, np.ndarray)
        or images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[1:] != rules.input
    ):
        found = f"{images.dtype} of shape {images.shape}" if isinstance(images, np.ndarray) else "an archive"
        raise InputError(
            f"{path} holds {found}, uint8 of shape (n, {', '.join(map(str, rules.input))}) is needed"
        )
    return images
