"""The methods that are compared, each a named set of rules, a way to calibrate and a predictor."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from bema_py.core.errors import InputError
from bema_py.core.rules import SCORE_ONE, STEP_ONE, Rules
from bema_py.experiments.variants import VARIANTS, Variant

Calibration = Literal["bema", "hmr", "hmr-refit", "fedavg", "none"]
Predictor = Literal["max model", "krum", "krum mean"]


class UnknownMethodError(InputError):
    """A method of that name does not exist."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no method {name!r}, choose one of {', '.join(METHODS)}")


@dataclass(frozen=True, slots=True)
class Method:
    """One row of a comparison.

    label: how tables and plots name it. calibration: what a block does with its samples; "none" evaluates one model
    that was trained on all data. predictor: whose accuracy the method reports. widened: whether every model gets an
    output for every class before the first block. rehearsal: most samples of the public set that a block rehearses,
    in cases that have one. witness: whether founders are data witnesses (10b); their references follow from the data.
    """

    label: str
    calibration: Calibration
    predictor: Predictor
    rules: Rules
    widened: bool = False
    rehearsal: int = 0
    witness: bool = False


PAPER_RULES = Rules(
    classes=10,
    input=(1, 28, 28),
    alpha=(1, 1),
    delta=round(0.6 * SCORE_ONE),
    sigma=round(0.2 * SCORE_ONE),
    step_initial=round(0.004 * STEP_ONE),
    step_decay=round(0.94 * STEP_ONE),
    step_minimum=round(0.0004 * STEP_ONE),
    cap=2**18,
    mode="log",
    wrong_class="largest",
    round_size=20,
    max_samples=200,
    max_batch_samples=200,
    block_reward=0,
    sample_reward=0,
)
"""Eqs. 8 to 12 with the paper's delta and sigma; alpha and the step sizes, which it leaves open, are ours."""

EXTENDED_RULES = replace(
    PAPER_RULES,
    delta=round(0.3 * SCORE_ONE),
    sigma=round(0.5 * SCORE_ONE),
    step_initial=round(0.002 * STEP_ONE),
    step_decay=round(0.955 * STEP_ONE),
    step_minimum=round(0.0002 * STEP_ONE),
    cap=2**22,
    learners="members",
    tau=SCORE_ONE,
    class_quota=25,
    replay=200,
    shift=2,
)
"""BEMA+: every accepted sample teaches every member. Founders are data witnesses: most bogus samples are valid, too.
Chosen on held-out samples, one seed, over 50 blocks."""
REHEARSAL = 100
"""Samples of the public set, half as many as are replayed."""

WITNESSED_RULES = replace(
    PAPER_RULES,
    delta=round(0.3 * SCORE_ONE),
    sigma=round(0.5 * SCORE_ONE),
    tau=SCORE_ONE,
)
"""The paper's rules with a validity that suits the data witness: every sample of a sure enough class."""

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "hmr": Method("HMR", "hmr", "max model", PAPER_RULES),
        "hmr-refit": Method("HMR (refit)", "hmr-refit", "max model", PAPER_RULES),
        "bema": Method("BEMA", "bema", "krum mean", PAPER_RULES),
        "bema+": Method("BEMA+", "bema", "krum mean", EXTENDED_RULES, rehearsal=REHEARSAL, witness=True),
        "bema+witness": Method("BEMA, data witness", "bema", "krum mean", WITNESSED_RULES, witness=True),
        "fedavg": Method("FedAvg", "fedavg", "max model", PAPER_RULES),
        "centralised": Method("centralised LeNet-5", "none", "max model", PAPER_RULES),
    }
)


def method_of(name: str) -> Method:
    """Give a method or a variant of one by its name; raises UnknownMethodError."""
    if name in VARIANTS:
        return varied(VARIANTS[name])
    if name not in METHODS:
        raise UnknownMethodError(name)
    return METHODS[name]


def varied(variant: Variant) -> Method:
    """Give a method with the one change of a variant."""
    base, adopted = METHODS[variant.base], set(variant.adopted)
    # These two stand beside the rules, which state them only where the data has public samples or references.
    beside = adopted & {"rehearsal", "witness"}
    own = {field: getattr(METHODS[variant.other], field) for field in beside}
    taken = {field: getattr(METHODS[variant.other].rules, field) for field in adopted - beside}
    rules = replace(base.rules, **variant.changes, **taken)
    return replace(base, label=f"{base.label}, {variant.label}", rules=rules, **own)
