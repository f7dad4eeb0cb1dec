"""What a demonstration is run with, and how a run directory remembers it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from bema_py.core.errors import InputError
from bema_py.demo.tuning import TUNINGS, Tuning

SETTINGS_FILE = "settings.json"
MANIFEST_FILE = "manifest.json"
JOURNAL = "chain.jsonl"
PARTIES = {10: "D", 20: "D-20", 50: "D-50"}
MAX_BLOCKS = 1000
WORK_BITS = 16
APPROVALS_PER_CLASS = 1
COMMITMENT_EXPIRY = 10_000
LEAST_WORK_BITS = 12
BLOCK_SPACING = 20
RETARGET_INTERVAL = 4
"""Short, so that a demonstration of eight blocks shows a retarget."""
CHALLENGE_WINDOW = 600
QUORUM = 2
ETHER = 10**18
MAX_REWARD_PER_BLOCK = ETHER // 20
BOND = ETHER // 10
FUNDING = ETHER // 5
"""Wei that the deployer pays into the pool at the founding."""


@dataclass(frozen=True)
class DemoSettings:
    """The choices of one demonstration; the same settings give the same Merkle roots on the embedded chain."""

    dataset: str = "digits"
    data_dir: str = ""
    chain: str = ""
    parties: int = 10
    blocks: int = 6
    seed: int = 1
    partition: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if self.dataset not in TUNINGS and not self.dataset.endswith(".npz"):
            raise InputError(
                f"dataset is {self.dataset!r}, {', '.join(TUNINGS)} or a file FILE.npz is needed"
            )
        if not self.partition and self.parties not in PARTIES:
            raise InputError(
                f"parties is {self.parties}; case D is defined for {', '.join(map(str, PARTIES))}"
            )
        if not 1 <= self.blocks <= MAX_BLOCKS:
            raise InputError(f"blocks is {self.blocks}, 1 to {MAX_BLOCKS} are allowed")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed is {self.seed}, 0 to {2**32 - 1} are allowed")

    @property
    def case(self) -> str:
        """The data case played, or the file of a partition."""
        return self.partition or PARTIES[self.parties]

    @property
    def tuning(self) -> Tuning:
        """The constants chosen for the data set; those of the digits for a user's own."""
        return TUNINGS.get(self.dataset, TUNINGS["digits"])


def claim_directory(wanted: Path, settings: DemoSettings) -> tuple[Path, bool]:
    """Return the directory to run in and whether an interrupted run is resumed there.

    An unfinished run with the same settings is resumed; a finished one is left alone and a numbered directory is begun.
    """
    for directory in _candidates(wanted):
        record = directory / SETTINGS_FILE
        if not directory.exists() or not any(directory.iterdir()):
            directory.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps(asdict(settings), indent=1) + "\n")
            return directory, False
        if not record.exists():
            raise InputError(f"{directory} is not empty and holds no demonstration")
        if not (directory / MANIFEST_FILE).exists():
            _check_same(record, settings)
            return directory, True
    raise AssertionError("unreachable: the candidates do not end")


def _candidates(wanted: Path) -> "list[Path]":
    return [wanted, *(wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 10_000))]


def _check_same(record: Path, settings: DemoSettings) -> None:
    try:
        kept = json.loads(record.read_text())
    except ValueError as error:
        raise InputError(f"{record} is not a settings file ({error})") from error
    different = {name for name, value in asdict(settings).items() if kept.get(name) != value}
    if different:
        raise InputError(
            f"{record.parent} holds an unfinished run with other settings ({', '.join(sorted(different))}); "
            "resume it with its own settings or choose another --out"
        )
