"""What a run is: its data, its constants and the seed from which all else follows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from bema_py.core.types import Digest
from bema_py.experiments.code import code_digest
from bema_py.experiments.methods import Calibration, method_of
from bema_py.experiments.naming import name_of
from bema_py.experiments.setups import HELD_OUT_SEED, Budget, Setup
from bema_py.experiments.strategies.catalogue import constants_of
from bema_py.experiments.witnessing import witness_rules
from bema_py.learning.datasets import SplitDataset
from bema_py.learning.sources import load_dataset

NO_ROOT = Digest(bytes(32))
"""In the place of references, which follow from the data and the seed."""
SETUP_USED: Mapping[Calibration, tuple[str, ...]] = MappingProxyType(
    {
        "bema": ("held_out", "recipe"),
        "hmr": ("held_out", "recipe"),
        "hmr-refit": ("held_out", "recipe", "refit_steps"),
        "fedavg": ("held_out", "recipe", "fedavg_steps"),
        "none": ("held_out", "centralised_recipe"),
    }
)
"""What of the setup a run depends on, by how its blocks calibrate: another baseline's constants do not replay it."""


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


def marked(setup: Setup, source: Source) -> list[str]:
    """Give the options that no name of a result may leave out."""
    given = {"plain": setup.is_plain, "tune": source.tune}
    return [name for name, holds in given.items() if holds]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run: a case under a method, with an attack and a seed.

    bogus: percentage of messages that are random bogus ones. attack: the name of a strategy that the last `attackers`
    regular parties fill their quotas by in place of it; empty for none. accepted: digests of other code whose kept
    record will do, "" for records that do not tell their code.
    """

    source: Source
    setup: Setup
    budget: Budget
    case: str
    method: str
    bogus: int
    seed: int
    attack: str = ""
    attackers: int = 0
    accepted: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The run's file name: readable, and ending in a digest of everything that its record depends on."""
        return self.named(code_digest())

    @property
    def names(self) -> tuple[str, ...]:
        """Its file name, and those under which its record may have been kept by accepted code."""
        return self.name, *(self.named(code) for code in self.accepted)

    def named(self, code: str) -> str:
        """Give the name under which that code keeps the run; no code before names depended on it."""
        plain = asdict(self)
        plain.pop("accepted")
        # Where the data lies does not change what it is.
        plain["source"].pop("directory")
        method = method_of(self.method)
        plain["setup"] = {field: plain["setup"][field] for field in SETUP_USED[method.calibration]}
        rules = replace(method.rules, witness=witness_rules([NO_ROOT])) if method.witness else method.rules
        constants = constants_of(self.attack) if self.attack else {}
        parts = [plain, rules.digest().hex(), method.widened, method.rehearsal, constants]
        digest = name_of([*parts, code] if code else parts)[:12]
        marks = "".join(f"-{name}" for name in marked(self.setup, self.source))
        sent = self.attack or str(self.bogus)
        return f"{self.source.dataset}-{self.case}-{self.method}-{sent}-seed{self.seed}{marks}-{digest}"

    def __str__(self) -> str:
        """Say in a few words which run it is."""
        sent = f"{self.attackers} attackers, {self.attack}" if self.attack else f"{self.bogus} % bogus"
        return f"case {self.case}, {self.method}, {sent}, seed {self.seed}"
