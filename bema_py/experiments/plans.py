"""What a run is: its data, its constants and the seed from which all else follows."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from bema_py.experiments.methods import method_of
from bema_py.experiments.naming import name_of
from bema_py.experiments.setups import HELD_OUT_SEED, Budget, Setup
from bema_py.learning.datasets import SplitDataset
from bema_py.learning.sources import load_dataset


@dataclass(frozen=True, slots=True)
class Source:
    """Where the data comes from; `tune` puts held-out training samples in the place of the test set."""

    dataset: str
    directory: str = ""
    tune: bool = False

    @cache  # noqa: B019 - a process reads one or two data sets, and all its runs share them
    def load(self, setup: Setup) -> SplitDataset:
        """Load the data set; no test sample is seen while tuning."""
        dataset = load_dataset(self.dataset, Path(self.directory) if self.directory else None)
        return dataset.held_out(setup.held_out, HELD_OUT_SEED) if self.tune else dataset


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run: a case under a method, with a percentage of bogus messages and a seed."""

    source: Source
    setup: Setup
    budget: Budget
    case: str
    method: str
    bogus: int
    seed: int

    @property
    def name(self) -> str:
        """The run's file name: readable, and ending in a digest of everything that its record depends on."""
        plain = asdict(self)
        # Where the data lies does not change what it is.
        plain["source"].pop("directory")
        method = method_of(self.method)
        digest = name_of([plain, method.rules.digest().hex(), method.widened, method.rehearsal])[:12]
        tuned = "-tune" if self.source.tune else ""
        return f"{self.source.dataset}-{self.case}-{self.method}-{self.bogus}-seed{self.seed}{tuned}-{digest}"

    def __str__(self) -> str:
        """Say in a few words which run it is."""
        return f"case {self.case}, {self.method}, {self.bogus} % bogus, seed {self.seed}"
