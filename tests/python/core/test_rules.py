"""The rules object: its bounds, its step sizes and its errors."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bema_py.core.checks import FieldChoiceError, FieldLengthError, FieldRangeError, FieldTypeError
from bema_py.core.fields import InvalidObjectError
from bema_py.core.rules import (
    MAX_BATCH_SIZE,
    AlphaError,
    BatchLimitError,
    PublicSetError,
    RoundSizeError,
    Rules,
)

RULES = Rules(
    classes=10,
    input=(1, 28, 28),
    alpha=(1, 1),
    delta=10066330,
    sigma=3355443,
    step_initial=2**21,
    step_decay=2**30 * 93 // 100,
    step_minimum=1000,
    cap=2**18,
    mode="log",
    wrong_class="largest",
    round_size=63,
    max_samples=200,
    max_batch_samples=1000,
    block_reward=2**95,
    sample_reward=0,
)


def test_steps_fall_by_height_to_the_minimum():
    step = RULES.step_initial
    for height in range(1, 200):
        assert RULES.step_size(height) == step
        step = max(RULES.step_minimum, (step * RULES.step_decay) >> 30)
    assert RULES.step_size(2**32 - 1) == RULES.step_minimum
    assert replace(RULES, step_decay=2**30).step_size(10**9) == RULES.step_initial


@pytest.mark.parametrize("height", [0, -1, 2**32])
def test_there_is_no_step_outside_the_heights(height):
    with pytest.raises(FieldRangeError):
        RULES.step_size(height)


def test_a_round_beyond_the_exact_range_is_refused():
    with pytest.raises(RoundSizeError, match=r"round_size is 64.* 2\^53") as caught:
        replace(RULES, round_size=64)
    assert (caught.value.round_size, caught.value.maximum) == (64, 63)
    assert caught.value.bound == 128 * 2**46


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"round_size": 0}, FieldRangeError, "round_size is 0, must be 1 to"),
        ({"alpha": (0, 1)}, AlphaError, "alpha is 0/1"),
        ({"alpha": (3, 2)}, AlphaError, "alpha is 3/2"),
        ({"alpha": (1, 0)}, AlphaError, "alpha is 1/0"),
        ({"alpha": (1, 2**16 + 1)}, FieldRangeError, "alpha denominator is 65537"),
        ({"alpha": (1,)}, FieldLengthError, "alpha has length 1"),
        ({"delta": 2**24 + 1}, FieldRangeError, "delta is 16777217, must be 0 to 16777216"),
        ({"sigma": -1}, FieldRangeError, "sigma is -1"),
        ({"step_initial": 2**30 + 1}, FieldRangeError, "step_initial"),
        ({"step_minimum": 2**21 + 1}, FieldRangeError, "step_minimum is 2097153, must be 0 to 2097152"),
        ({"cap": 0}, FieldRangeError, "cap is 0, must be 1 to 2147483648"),
        ({"classes": 1}, FieldRangeError, "classes is 1, must be 2 to 256"),
        ({"classes": 10.0}, FieldTypeError, "classes must be an integer, found float"),
        ({"classes": True}, FieldTypeError, "classes must be an integer, found bool"),
        ({"mode": "both"}, FieldChoiceError, "mode is 'both', must be one of log, h"),
        ({"wrong_class": "least"}, FieldChoiceError, "must be one of largest, literal"),
        ({"input": (1, 28)}, FieldLengthError, "input has length 2"),
        ({"input": (1, 0, 28)}, FieldRangeError, "input height is 0"),
        ({"block_reward": 2**96}, FieldRangeError, "block_reward is"),
        ({"sample_reward": -1}, FieldRangeError, "sample_reward is -1"),
        ({"max_samples": 0}, FieldRangeError, "max_samples"),
        ({"max_batch_samples": 2**16 + 1}, FieldRangeError, "max_batch_samples is 65537"),
        (
            {"learners": "all"},
            FieldChoiceError,
            "learners is 'all', must be one of holders, scorers, members",
        ),
        ({"tau": 2**24 + 1}, FieldRangeError, "tau is 16777217, must be 0 to 16777216"),
        ({"class_quota": -1}, FieldRangeError, "class_quota is -1"),
        ({"replay": 2**16 + 1}, FieldRangeError, "replay is 65537, must be 0 to 65536"),
        ({"rehearsal": 5}, PublicSetError, "rehearsal is 5 and public_set has 0 bytes, must have 32"),
        (
            {"public_set": bytes(32)},
            PublicSetError,
            "rehearsal is 0 and public_set has 32 bytes, must have 0",
        ),
        ({"public_set": "0x00"}, FieldTypeError, "public_set must be bytes, found str"),
        ({"shift": 5}, FieldRangeError, "shift is 5, must be 0 to 4"),
        (
            {"suspended_models": "go"},
            FieldChoiceError,
            "suspended_models is 'go', must be one of leave, stay",
        ),
        ({"input": (1, 1024, 1024)}, BatchLimitError, f"limit {MAX_BATCH_SIZE}"),
    ],
)
def test_values_outside_their_bounds_are_named(changes, error, text):
    with pytest.raises(error, match=text):
        replace(RULES, **changes)


@given(
    st.fixed_dictionaries(
        {
            "classes": st.integers(2, 256),
            "alpha": st.integers(1, 2**16).map(lambda denominator: (1, denominator)),
            "delta": st.integers(0, 2**24),
            "step_initial": st.integers(1000, 2**30),
            "round_size": st.integers(1, 63),
            "mode": st.sampled_from(["log", "h"]),
            "wrong_class": st.sampled_from(["largest", "literal"]),
            "learners": st.sampled_from(["holders", "scorers", "members"]),
            "tau": st.integers(0, 2**24),
            "class_quota": st.integers(0, 2**16),
            "replay": st.integers(0, 2**16),
            "shift": st.integers(0, 4),
            "suspended_models": st.sampled_from(["leave", "stay"]),
        }
    )
)
def test_rules_come_back(changes):
    rules = replace(RULES, **changes)
    assert Rules.from_bytes(rules.to_bytes()) == rules
    assert rules == RULES or rules.digest() != RULES.digest()


def test_rules_that_rehearse_come_back():
    rules = replace(RULES, rehearsal=100, public_set=bytes(range(32)))
    assert Rules.from_bytes(rules.to_bytes()) == rules


def test_bytes_of_bad_rules_are_malformed_and_keep_the_cause():
    data = RULES.to_bytes().replace(b"\x18\x3f", b"\x18\x40")
    with pytest.raises(InvalidObjectError, match="rules: round_size is 64") as caught:
        Rules.from_bytes(data)
    assert isinstance(caught.value.cause, RoundSizeError)
