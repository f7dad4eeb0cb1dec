"""The local models of the demonstration, trained once and kept."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bema_py.core.types import ModelDigest, hex0x, unhex
from bema_py.demo.cast import Cast
from bema_py.demo.settings import DemoSettings
from bema_py.demo.view import View
from bema_py.learning.attacks import swapped_labels
from bema_py.learning.baselines import centralised_party
from bema_py.learning.cases import DataCase, build_case
from bema_py.learning.datasets import SplitDataset
from bema_py.learning.model import Model
from bema_py.learning.parties import TrainingJob, party_seed, train_all
from bema_py.learning.recipe import suited
from bema_py.learning.sources import load_dataset
from bema_py.roles.content import load_model, publish_model
from bema_py.storage.directory_store import DirectoryStore

MODELS_FILE = "models.json"
CENTRALISED = "centralised"


def load_case(settings: DemoSettings) -> DataCase:
    """Load the data set and deal it to the parties."""
    return build_case(settings.case, open_dataset(settings), settings.seed)


def open_dataset(settings: DemoSettings) -> SplitDataset:
    """Load the data set of the demonstration."""
    return load_dataset(settings.dataset, Path(settings.data_dir) if settings.data_dir else None)


def train_players(
    settings: DemoSettings,
    case: DataCase,
    cast: Cast,
    store: DirectoryStore,
    directory: Path,
    view: View,
) -> Mapping[str, Model]:
    """Train every model that an interrupted run has not trained yet; returns the models by player."""
    record = directory / MODELS_FILE
    trained: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    jobs = {name: job for name, job in _jobs(settings, case, cast).items() if name not in trained}
    with view.bars() as bars:
        bar = bars.add_task("training", total=sum(job.recipe.steps for job in jobs.values()))
        models = train_all(list(jobs.values()), progress=lambda *_: bars.advance(bar))
        for name, model in zip(jobs, models, strict=True):
            trained[name] = hex0x(publish_model(store, model))
            record.write_text(json.dumps(trained, indent=1) + "\n")
    view.line(
        f"  {len(trained)} models trained: {len(cast.players)} parties, the intruder, and one on all data pooled"
    )
    return {name: load_model(store, ModelDigest(unhex(digest))) for name, digest in trained.items()}


def _jobs(settings: DemoSettings, case: DataCase, cast: Cast) -> dict[str, TrainingJob]:
    tuning = settings.tuning
    jobs = {}
    for number, player in enumerate((*cast.players, cast.intruder)):
        seed = party_seed(settings.seed, number)
        share = player.share
        if player.trains_on_swapped_labels:
            share = replace(share, private=swapped_labels(share.private, seed))
        jobs[player.name] = TrainingJob(share, case.public, seed, suited(tuning.recipe, share.private))
    pooled = centralised_party(open_dataset(settings))
    jobs[CENTRALISED] = TrainingJob(
        pooled, None, settings.seed, suited(tuning.centralised_recipe, pooled.private)
    )
    return jobs
