"""The strategies by the names under which studies and commands know them."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType

from bema_py.core.errors import InputError
from bema_py.experiments.strategies.altered import Backdoor, blends
from bema_py.experiments.strategies.crafting import CleanLabel, Crafted
from bema_py.experiments.strategies.natural import (
    adaptive,
    colluding,
    dilution,
    pre_checking,
    random_bogus,
    silent,
)
from bema_py.experiments.strategies.repeating import flooding, replay
from bema_py.experiments.strategies.view import Strategy

STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "silent": silent,
        "random": random_bogus,
        "pre-checking": pre_checking,
        "colluding": colluding,
        "replay": replay,
        "flooding": flooding,
        "dilution": dilution,
        "backdoor": Backdoor(),
        "adaptive": adaptive,
        "crafted": Crafted(),
        "blends": blends,
        "clean-label": CleanLabel(),
    }
)


class UnknownAttackError(InputError):
    """An attack of that name does not exist."""

    def __init__(self, name: str) -> None:
        """Keep the name asked for."""
        self.name = name
        super().__init__(f"there is no attack {name!r}, choose one of {', '.join(STRATEGIES)}")


def constants_of(name: str) -> dict[str, int]:
    """Give the constants of a strategy that has any; raises UnknownAttackError."""
    strategy = strategy_of(name)
    return (
        {field.name: getattr(strategy, field.name) for field in fields(strategy)}
        if is_dataclass(strategy)
        else {}
    )


def strategy_of(name: str) -> Strategy:
    """Give a strategy by its name; raises UnknownAttackError."""
    if name not in STRATEGIES:
        raise UnknownAttackError(name)
    return STRATEGIES[name]
