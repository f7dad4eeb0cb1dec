"""The rules object: every parameter of consensus, fixed at deployment by its digest."""

from dataclasses import dataclass, fields
from typing import Literal, cast

from bema_py.core.bounds import ACTIVATION, EXACT, round_bound
from bema_py.core.checks import FieldChoiceError, FieldLengthError, check_bytes, check_image, check_integer
from bema_py.core.encoding import digest, encode
from bema_py.core.errors import InputError
from bema_py.core.fields import VERSION, read_list, read_object, reading
from bema_py.core.types import MAX_CLASSES, Digest
from bema_py.core.witness import MAX_FEATURE, WitnessRules

Mode = Literal["log", "h"]
WrongClass = Literal["largest", "literal"]
Learners = Literal["holders", "scorers", "members"]
SuspendedModels = Literal["leave", "stay"]

MAX_RULES_SIZE = 4096
MAX_BATCH_SIZE = 2**26
"""Bytes of an encoded batch."""
MAX_ROUND_SIZE = 63
"""A sample can give a model two steps, and 127 steps are the most that stay exact."""
REWARDS = ("block_reward", "sample_reward")
"""The fields in wei, stored as big-endian bytes since integers of CBOR end at 64 bits."""
REWARD_BYTES = 12
MAX_REWARD = 2 ** (8 * REWARD_BYTES) - 1
"""The contract keeps the pool's figures in 96 bits."""
MAX_BLOCK_SAMPLES = 2**16
MAX_SHIFT = 4
"""Pixels."""
SCORE_ONE = 2**24
STEP_ONE = 2**30
_SAMPLE_OVERHEAD = 16
_BATCH_OVERHEAD = 64


class RoundSizeError(InputError):
    """A round so large that its update could leave the exact range of float64."""

    def __init__(self, round_size: int, bound: int) -> None:
        """Keep the round size asked for and the sum it could reach."""
        self.round_size = round_size
        self.maximum = MAX_ROUND_SIZE
        self.bound = bound
        super().__init__(
            f"round_size is {round_size}, must be 1 to {MAX_ROUND_SIZE}: "
            f"{2 * round_size} steps could sum to {bound}, above 2^53 = {EXACT}"
        )


class PublicSetError(InputError):
    """Rehearsal without a public set, or a public set that nothing uses."""

    def __init__(self, rehearsal: int, length: int) -> None:
        """Keep the most samples rehearsed in a block and the length of the public set's digest."""
        self.rehearsal = rehearsal
        self.length = length
        required = 32 if rehearsal else 0
        super().__init__(
            f"rehearsal is {rehearsal} and public_set has {length} bytes, "
            f"must have {required}: the digest of the set that is rehearsed"
        )


class AlphaError(InputError):
    """The share of neighbours of the Krum aggregate is not in (0, 1]."""

    def __init__(self, numerator: int, denominator: int) -> None:
        """Keep both parts of the ratio."""
        self.numerator = numerator
        self.denominator = denominator
        super().__init__(f"alpha is {numerator}/{denominator}, must be above 0 and at most 1")


class BatchLimitError(InputError):
    """A full batch under these rules would not fit into an object."""

    def __init__(self, max_batch_samples: int, size: int) -> None:
        """Keep the number of samples, the bytes they could need and the limit."""
        self.max_batch_samples = max_batch_samples
        self.size = size
        self.limit = MAX_BATCH_SIZE
        super().__init__(
            f"max_batch_samples is {max_batch_samples}: such a batch needs up to {size} bytes, "
            f"limit {MAX_BATCH_SIZE}"
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """All parameters of consensus, each with its unit.

    classes: number of classes C. input: (channels, height, width) of every sample, one byte a value.
    alpha: (numerator, denominator) of the share of neighbours. delta, sigma: 2^-24 (eqs. 9, 10).
    step_initial, step_decay, step_minimum: 2^-30. cap: bound on the gradient norm in 2^-18.
    block_reward, sample_reward: wei allotted to the miner of a block and to the owner of each sample it used.
    mode: what a step ascends. wrong_class: which class is y-, "literal" being eq. 7 as printed.

    The fields with a default are **extensions**; their defaults give the paper's rules. learners: who enhances y, the
    members that hold it, all that score it, or all members, those that mistake it for a class of theirs by their
    reserved output.
    tau: the largest margin rho of a valid sample, 2^-24 (eq. 8 has 0). class_quota: most used samples of one class in
    a block, 0 for no quota. replay, rehearsal: most earlier samples and most samples of the public set that a block
    calibrates with again. public_set: that set's digest, empty without rehearsal. shift: pixels by which a
    calibrating sample is moved at most.
    suspended_models: whether a suspended party's model leaves the members, or stays while the party is mute.
    witness: how founders' references decide about regular parties' samples (10b), None for no data witness.
    Creating one checks every bound and raises InputError leaves.
    """

    classes: int
    input: tuple[int, int, int]
    alpha: tuple[int, int]
    delta: int
    sigma: int
    step_initial: int
    step_decay: int
    step_minimum: int
    cap: int
    mode: Mode
    wrong_class: WrongClass
    round_size: int
    max_samples: int
    max_batch_samples: int
    block_reward: int
    sample_reward: int
    learners: Learners = "holders"
    tau: int = 0
    class_quota: int = 0
    replay: int = 0
    rehearsal: int = 0
    public_set: bytes = b""
    shift: int = 0
    suspended_models: SuspendedModels = "leave"
    witness: WitnessRules | None = None

    def __post_init__(self) -> None:
        """Refuse values outside the bounds of the arithmetic."""
        check_integer("classes", self.classes, 2, MAX_CLASSES)
        check_image("input", self.input)
        _check_alpha(self.alpha)
        check_integer("delta", self.delta, 0, SCORE_ONE)
        check_integer("sigma", self.sigma, 0, SCORE_ONE)
        check_integer("step_initial", self.step_initial, 0, STEP_ONE)
        # A decay above one would let the step grow past the arithmetic's bound on it.
        check_integer("step_decay", self.step_decay, 0, STEP_ONE)
        check_integer("step_minimum", self.step_minimum, 0, self.step_initial)
        check_integer("cap", self.cap, 1, 2**31)
        for name, value, choices in (
            ("mode", self.mode, ("log", "h")),
            ("wrong_class", self.wrong_class, ("largest", "literal")),
            ("learners", self.learners, ("holders", "scorers", "members")),
            ("suspended_models", self.suspended_models, ("leave", "stay")),
        ):
            if value not in choices:
                raise FieldChoiceError(name, value, choices)
        check_integer("round_size", self.round_size, 1, 2**32)
        if self.round_size > MAX_ROUND_SIZE:
            raise RoundSizeError(self.round_size, round_bound(2 * self.round_size, ACTIVATION))
        check_integer("max_samples", self.max_samples, 1, MAX_BLOCK_SAMPLES)
        check_integer("max_batch_samples", self.max_batch_samples, 1, 2**16)
        for name in REWARDS:
            check_integer(name, getattr(self, name), 0, MAX_REWARD)
        size = self.max_batch_samples * (self.sample_size + _SAMPLE_OVERHEAD) + _BATCH_OVERHEAD
        if size > MAX_BATCH_SIZE:
            raise BatchLimitError(self.max_batch_samples, size)
        self._check_extensions()

    def _check_extensions(self) -> None:
        check_integer("tau", self.tau, 0, SCORE_ONE)
        for name in ("class_quota", "replay", "rehearsal"):
            check_integer(name, getattr(self, name), 0, MAX_BLOCK_SAMPLES)
        check_bytes("public_set", self.public_set, 0, 32)
        if len(self.public_set) != (32 if self.rehearsal else 0):
            raise PublicSetError(self.rehearsal, len(self.public_set))
        check_integer("shift", self.shift, 0, MAX_SHIFT)
        if self.witness is not None:
            check_integer("sample size under a data witness", self.sample_size, 1, MAX_FEATURE)

    @property
    def sample_size(self) -> int:
        """Give the number of bytes of one sample's x."""
        return self.input[0] * self.input[1] * self.input[2]

    def step_size(self, height: int) -> int:
        """Give a block's step size E in 2^-30, falling with its height from 1.

        E_1 = step_initial, E_{n+1} = max(step_minimum, (E_n * step_decay) >> 30).
        """
        check_integer("height", height, 1, 2**32 - 1)
        step = self.step_initial
        for _ in range(height - 1):
            following = max(self.step_minimum, (step * self.step_decay) >> 30)
            # Steps never grow, so the first repetition is the end.
            if following == step:
                break
            step = following
        return step

    def to_bytes(self) -> bytes:
        """Encode as canonical DAG-CBOR."""
        plain: dict[str, object] = {field.name: getattr(self, field.name) for field in fields(self)}
        lists = {"input": list(self.input), "alpha": list(self.alpha)}
        amounts = {name: getattr(self, name).to_bytes(REWARD_BYTES, "big") for name in REWARDS}
        witness = None if self.witness is None else self.witness.to_map()
        return encode(plain | lists | amounts | {"witness": witness, "version": VERSION})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Rules":
        """Decode and validate; raises MalformedError leaves."""
        values = read_object("rules", data, _NAMES, max_size=MAX_RULES_SIZE)
        del values["version"]
        values["input"] = tuple(read_list("rules input", values["input"]))
        values["alpha"] = tuple(read_list("rules alpha", values["alpha"]))
        if values["witness"] is not None:
            values["witness"] = WitnessRules.from_map(values["witness"])
        with reading("rules"):
            for name in REWARDS:
                values[name] = int.from_bytes(check_bytes(name, values[name], REWARD_BYTES), "big")
            # __post_init__ checks every type; the cast only says that it does.
            return cls(**cast(dict[str, "Rules"], values))  # type: ignore[arg-type]

    def digest(self) -> Digest:
        """Give the digest that contract and genesis hash hold."""
        return digest(self.to_bytes())


def _check_alpha(alpha: tuple[int, int]) -> None:
    if len(alpha) != 2:
        raise FieldLengthError("alpha", len(alpha), 2, 2)
    numerator, denominator = alpha
    check_integer("alpha numerator", numerator, 0, 2**16)
    check_integer("alpha denominator", denominator, 0, 2**16)
    if not 0 < numerator <= denominator:
        raise AlphaError(numerator, denominator)


_NAMES = frozenset(field.name for field in fields(Rules))
