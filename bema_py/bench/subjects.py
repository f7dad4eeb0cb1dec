"""Random models, images and samples: how long arithmetic takes does not depend on what a model has learned."""

from itertools import cycle, islice

import numpy as np

from bema_py.core.architecture import ARCHITECTURES
from bema_py.core.hashing import sha256d
from bema_py.core.rules import Rules
from bema_py.core.types import Digest, PartyId, SampleId
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.datasets import ByteArray
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model

CLASSES = 10
KINDS_OF_D = ("lenet5", "lenet5", "lenet5", "lenet4", "lenet4", "lenet4", "mlp", "mlp", "mlp", "mlp")
"""The kinds of model of data case D's ten parties."""

ROUND_SIZE = 20
CANDIDATES, USED = 200, 40
"""A block of case D judges up to 200 samples and finds some 40 of them valid."""


def random_models(kinds: tuple[str, ...], count: int) -> list[Model]:
    """Draw so many models, taking the kinds in turn; weights have the variance that training starts from."""
    generator = np.random.default_rng(count)
    return [random_model(kind, generator) for kind in islice(cycle(kinds), count)]


def random_model(kind: str, generator: np.random.Generator) -> Model:
    """Draw one model over all classes."""
    architecture = ARCHITECTURES[kind](CLASSES + 1)
    parameters = [
        generator.normal(scale=np.sqrt(2 / np.prod(shape[1:])), size=shape)
        if len(shape) > 1
        else np.zeros(shape)
        for _, shape in architecture.parameter_shapes()
    ]
    return Model.from_floats(architecture, tuple(range(CLASSES)), parameters)


def random_images(count: int) -> ByteArray:
    """Draw images of 28x28 pixels."""
    return np.random.default_rng(count).integers(0, 256, (count, 1, 28, 28), dtype=np.uint8)


def random_candidates(count: int) -> list[CandidateSample]:
    """Draw samples in processing order with their labels in turn."""
    images = random_images(count)
    ids = [sha256d(position.to_bytes(4, "big")) for position in range(count)]
    return [
        CandidateSample(SampleId(digest), Digest(digest), image.tobytes(), position % CLASSES)
        for position, (digest, image) in enumerate(zip(ids, images, strict=True))
    ]


def members_of_d(count: int) -> Membership:
    """Let every party hold three neighbouring classes, as in case D."""
    return Membership.of(
        (PartyId(party), {(party + step) % CLASSES for step in range(3)}) for party in range(1, count + 1)
    )


def lenient_rules(used: int) -> Rules:
    """Give rules under which every sample is valid and the first so many are used."""
    one = 2**24
    return Rules(
        classes=CLASSES,
        input=(1, 28, 28),
        alpha=(1, 1),
        delta=0,
        sigma=one,
        step_initial=2**22,
        step_decay=2**30,
        step_minimum=0,
        cap=2**18,
        mode="log",
        wrong_class="largest",
        round_size=ROUND_SIZE,
        max_samples=used,
        max_batch_samples=64,
        block_reward=0,
        sample_reward=0,
        tau=one,
    )
