"""The ablation's methods: the paper's rules and BEMA+, each with one thing changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bema_py.core.rules import SCORE_ONE


@dataclass(frozen=True, slots=True)
class Variant:
    """A method that differs from the method `base` in one thing.

    label: the change, as tables name it. changes: fields of the rules and the values they take. adopted: fields of the
    rules, or "rehearsal" or "witness" of the method, whose values come from the method `other`.
    """

    base: str
    label: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    other: str = ""
    adopted: tuple[str, ...] = ()


CHANGES: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "literal": ("y- as eq. 7 prints it", {"wrong_class": "literal"}),
        "mode-h": ("steps ascend h, not log h", {"mode": "h"}),
        "alpha-1-3": ("alpha 1/3", {"alpha": (1, 3)}),
        "alpha-2-3": ("alpha 2/3", {"alpha": (2, 3)}),
        "delta-0": ("delta 0: no eq. 9", {"delta": 0}),
        "delta-0.45": ("delta .45", {"delta": round(0.45 * SCORE_ONE)}),
        "delta-0.75": ("delta .75", {"delta": round(0.75 * SCORE_ONE)}),
        "sigma-0.1": ("sigma .1", {"sigma": round(0.1 * SCORE_ONE)}),
        "sigma-0.35": ("sigma .35", {"sigma": round(0.35 * SCORE_ONE)}),
        "sigma-1": ("sigma 1: no eq. 10", {"sigma": SCORE_ONE}),
        "tau-0.5": ("tau .5", {"tau": SCORE_ONE // 2}),
        "scorers": ("all that score y learn", {"learners": "scorers"}),
    }
)
"""Other readings and other values of the paper's rules: a label and the fields of the rules that change."""

OPTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "learners": ("learners", ("learners",)),
        "tau": ("tau", ("tau",)),
        "delta": ("delta", ("delta",)),
        "sigma": ("sigma", ("sigma",)),
        "quota": ("class quota", ("class_quota",)),
        "replay": ("replay", ("replay",)),
        "rehearsal": ("rehearsal", ("rehearsal",)),
        "shift": ("shift", ("shift",)),
        "steps": ("step sizes", ("step_initial", "step_decay", "step_minimum")),
        "cap": ("gradient cap", ("cap",)),
        "witness": ("data witness", ("witness",)),
    }
)
"""What BEMA+ may have otherwise than the paper's rules: a label and the fields of the rules or the method."""

VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {f"bema-{name}": Variant("bema", label, changes) for name, (label, changes) in CHANGES.items()}
    | {
        f"bema-with-{name}": Variant("bema", f"BEMA+'s {label}", other="bema+", adopted=fields)
        for name, (label, fields) in OPTIONS.items()
    }
    | {
        f"bema+-without-{name}": Variant("bema+", f"BEMA's {label}", other="bema", adopted=fields)
        for name, (label, fields) in OPTIONS.items()
    }
)
"""Every variant by the name under which it is a method."""
