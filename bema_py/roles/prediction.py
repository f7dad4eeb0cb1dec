"""Classifying with all models together: what the network is for."""

from collections.abc import Mapping

from bema_py.learning.datasets import ByteArray, Dataset
from bema_py.learning.krum import Integers
from bema_py.learning.predictors import accuracy, krum, krum_mean, max_model
from bema_py.learning.progress import Progress
from bema_py.learning.scoring import class_scores
from bema_py.roles.assembly import membership_of
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import Network

DEFAULT_PREDICTOR = "krum mean"


def predict_all(
    network: Network, history: History, ledger: Ledger, images: ByteArray, progress: Progress | None = None
) -> Mapping[str, Integers]:
    """Return the classes that each predictor gives to images (n, c, h, w), int64 (n,), the default one first.

    Every registered party's model counts, as it stands after the ledger's height; a suspended party's only where the
    rules let it stay.
    """
    parties = [
        party
        for number, party in sorted(history.parties.items())
        if history.takes_part(number, network.rules)
    ]
    models = [network.models.load(ledger.model_of(party)) for party in parties]
    scores = class_scores(models, images, network.rules.classes, progress=progress)
    membership = membership_of(parties)
    return {
        DEFAULT_PREDICTOR: krum_mean(scores, membership, network.rules.alpha),
        "krum": krum(scores, membership, network.rules.alpha),
        "max model": max_model(scores),
    }


def measure_accuracy(network: Network, history: History, ledger: Ledger, test: Dataset) -> dict[str, float]:
    """Return each predictor's share of right answers on test data."""
    found = predict_all(network, history, ledger, test.images)
    return {name: accuracy(predictions, test.labels) for name, predictions in found.items()}
