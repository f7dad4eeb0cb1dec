"""Local training, done once: models are kept by a digest of everything that their training depends on."""

from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from time import thread_time

from bema_py.core.architecture import Architecture
from bema_py.core.parameter_file import decode_parameters, encode_parameters
from bema_py.experiments.naming import name_of
from bema_py.learning.datasets import Dataset
from bema_py.learning.kinds import find_kind
from bema_py.learning.model import Model
from bema_py.learning.parties import TrainingJob
from bema_py.storage.atomic_file import write_atomically


def local_model(job: TrainingJob, directory: Path) -> Model:
    """Read a job's model from the directory, or train it and keep it there as a canonical parameter file."""
    path = model_path(job, directory)
    architecture = architecture_of(job)
    if path.exists():
        parameters = decode_parameters(architecture, path.read_bytes())
        return Model.from_bytes(architecture, job.party.label_space, parameters)
    begun = thread_time()
    model = job.run()
    seconds = f"{thread_time() - begun:.1f}\n".encode()
    write_atomically(seconds_path(path), seconds, directory / "unfinished")
    write_atomically(path, encode_parameters(architecture, model.to_bytes()), directory / "unfinished")
    return model


def seconds_path(model: Path) -> Path:
    """Give the place of the processor seconds that a kept model's training took."""
    return model.with_suffix(".seconds")


def model_path(job: TrainingJob, directory: Path) -> Path:
    """Give the place of a job's model: its file is named by what the training depends on."""
    name = name_of(
        {
            "kind": job.party.architecture,
            "architecture": architecture_of(job).to_plain(),
            "label_space": list(job.party.label_space),
            "private": dataset_digest(job.party.private),
            "public": None if job.public is None else dataset_digest(job.public),
            "seed": job.seed,
            "recipe": asdict(job.recipe),
        }
    )
    return directory / f"{name}.safetensors"


def architecture_of(job: TrainingJob) -> Architecture:
    """Give the architecture that a job trains."""
    return find_kind(job.party.architecture).build(len(job.party.label_space) + 1, job.party.private.shape)


def dataset_digest(dataset: Dataset) -> str:
    """Give the SHA-256 of a data set's images and labels, in their order."""
    hashed = sha256(repr(dataset.images.shape).encode())
    hashed.update(dataset.images.tobytes())
    hashed.update(dataset.labels.tobytes())
    return hashed.hexdigest()
