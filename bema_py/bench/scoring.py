"""The time to score images with exact arithmetic, in float32 and in float64."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import process_time

from bema_py.bench.subjects import CLASSES, KINDS_OF_D, random_images, random_models
from bema_py.learning.float_scores import float_scores
from bema_py.learning.model import Model
from bema_py.learning.scoring import class_scores

Task = Callable[[], object]


@dataclass(frozen=True, slots=True)
class ScoringTime:
    """Processor microseconds for one image on one model, the least of several turns."""

    kind: str
    models: int
    images: int
    exact: float
    float32: float
    float64: float

    def to_plain(self) -> dict[str, object]:
        """Give the figures and their ratios for JSON."""
        return {
            "kind": self.kind,
            "models": self.models,
            "images": self.images,
            "microseconds": {"exact": self.exact, "float32": self.float32, "float64": self.float64},
            "ratio_float32": self.exact / self.float32,
            "ratio_float64": self.exact / self.float64,
        }


def least_times(tasks: Mapping[str, Task], turns: int) -> dict[str, float]:
    """Give the least processor seconds of each task; they take turns, so that all meet the same conditions."""
    for task in tasks.values():
        task()
    return {
        name: min(times)
        for name, times in zip(
            tasks,
            zip(*([seconds(task) for task in tasks.values()] for _ in range(turns)), strict=True),
            strict=True,
        )
    }


def seconds(task: Task) -> float:
    """Give the processor seconds that a task takes, over all threads: other programs do not count."""
    begun = process_time()
    task()
    return process_time() - begun


def scoring_times(kinds: Sequence[str], sizes: Mapping[int, int], turns: int) -> Iterator[ScoringTime]:
    """Time every kind of model; `sizes` gives the number of images for each number of models."""
    for kind in kinds:
        for count, images in sizes.items():
            yield scoring_time(kind, random_models((kind,), count), images, turns)


def scan_time(images: int, turns: int) -> ScoringTime:
    """Time a scan for candidates by the ten models of case D."""
    return scoring_time("case D", random_models(KINDS_OF_D, len(KINDS_OF_D)), images, turns)


def scoring_time(kind: str, models: Sequence[Model], images: int, turns: int) -> ScoringTime:
    """Time models on random images."""
    pictures = random_images(images)
    times = least_times(
        {
            "exact": lambda: class_scores(models, pictures, CLASSES),
            "float32": lambda: float_scores(models, pictures),
            "float64": lambda: float_scores(models, pictures, double=True),
        },
        turns,
    )
    each = {name: taken * 1e6 / (images * len(models)) for name, taken in times.items()}
    return ScoringTime(kind, len(models), images, **each)
