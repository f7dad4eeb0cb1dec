"""Block calibration against the slow reference, its bookkeeping, and its indifference to threads and chunks."""

from hashlib import sha256

import numpy as np
import pytest
import slow_calibration
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import architectures, models, pictures, rules
from vector_models import plain

from bema_py.core.architecture import Architecture, Linear, Relu, lenet4, lenet5, mlp
from bema_py.learning import chunks
from bema_py.learning.calibration import StepCount, calibrate_block
from bema_py.learning.candidates import CandidateSample, HeldClassError, MissingModelError, SampleSizeError
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.scoring import ClassRangeError, ImageShapeError

SPACES = [(0, 1, 2, 3), (0, 1, 2), (1, 3), (0, 2, 3)]


@st.composite
def blocks(draw):
    """Up to 4 members with unlike models, label spaces and held classes, and up to 6 labelled samples."""
    twins = draw(architectures(outputs=5, image=(1, 8, 8)))
    spaces = [*draw(st.lists(st.sampled_from(SPACES), min_size=1, max_size=3)), SPACES[0]]
    members = []
    for space in spaces:
        unlike = draw(architectures(outputs=len(space) + 1, image=(1, 8, 8)))
        members.append(draw(models(twins if len(space) == 4 else unlike, space)))
    held = [draw(st.frozensets(st.sampled_from(space))) for space in spaces]
    count = draw(st.integers(0, 6))
    images = draw(pictures((1, 8, 8), count))
    labels = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    return members, held, list(zip(images, labels, strict=True))


def candidates(samples):
    """Give samples (image, label) ids, and in that order ascending keys with many unlike shifts."""
    return [
        CandidateSample(
            bytes([k]) * 32, bytes([k]) + sha256(image.tobytes()).digest()[1:], image.tobytes(), label
        )
        for k, (image, label) in enumerate(samples)
    ]


PAPER = st.fixed_dictionaries(
    {
        "alpha": st.sampled_from([(1, 1), (1, 2)]),
        "mode": st.sampled_from(["log", "h"]),
        "wrong_class": st.sampled_from(["largest", "literal"]),
        "round_size": st.integers(1, 3),
        "max_samples": st.integers(1, 6),
    }
)
EXTENSIONS = st.fixed_dictionaries(
    {
        "learners": st.sampled_from(["holders", "scorers", "members"]),
        "tau": st.sampled_from([0, 2**20, 2**24]),
        "class_quota": st.integers(0, 2),
        "shift": st.integers(0, 4),
    }
)


@given(blocks(), PAPER)
@settings(max_examples=40, deadline=None)
def test_agrees_with_the_slow_reference(block, how):
    members, held, samples = block
    agrees(members, held, candidates(samples), [], rules(**how))


@given(blocks(), PAPER, EXTENSIONS, st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_extensions_agree_with_the_slow_reference(block, paper, extensions, fresh):
    """The block's first samples are judged, the others recalled; keys are in no order between the two."""
    members, held, samples = block
    keyed = candidates(samples)
    agrees(members, held, keyed[fresh:], keyed[:fresh], rules(**paper, **extensions))


def agrees(members, held, samples, recalled, how):
    found = calibrate_block(
        dict(enumerate(members, 1)), Membership.of(enumerate(held, 1)), samples, how, 1, recalled=recalled
    )
    _, used, thetas = slow_calibration.calibrated(
        [(model.architecture, model.classes, plain(model)) for model in members],
        held,
        [unpacked(sample) for sample in samples],
        how,
        1,
        [unpacked(sample) for sample in recalled],
    )
    assert [(item.position, item.wrong_label) for item in found.used] == used
    assert [plain(found.models[party]) for party in sorted(found.models)] == thetas
    moved = [k for k, model in enumerate(members, 1) if found.models[k].sha256() != model.sha256()]
    assert list(found.changed) == moved


def unpacked(sample):
    picture = np.frombuffer(sample.x, dtype=np.uint8).reshape(1, 8, 8)
    return sample.key, picture.tolist(), sample.y


def random_model(architecture, seed, classes):
    rng = np.random.default_rng(seed)
    return Model.from_floats(
        architecture,
        classes,
        [rng.normal(size=s) / np.sqrt(np.prod(s[1:]) or 1) for _, s in architecture.parameter_shapes()],
    )


@pytest.fixture(scope="module")
def lenets():
    """Seven unlike models, their members, and 24 samples all valid under lenient rules."""
    kinds = [lenet5, lenet5, lenet4, lenet4, lenet4, mlp, mlp]
    members = {k: random_model(kind(5), k, range(4)) for k, kind in enumerate(kinds, 1)}
    held = Membership.of((k, {k % 4, (k + 1) % 4}) for k in members)
    rng = np.random.default_rng(9)
    samples = [
        (rng.integers(0, 256, (1, 28, 28), dtype=np.uint8), int(rng.integers(0, 4))) for _ in range(24)
    ]
    return members, held, candidates(samples), rules(input=(1, 28, 28), round_size=5, max_samples=12)


def hashes(calibration):
    return [calibration.models[party].sha256().hex() for party in sorted(calibration.models)]


def test_threads_and_chunks_change_no_bit(lenets, monkeypatch):
    before = torch.get_num_threads()
    results = []
    try:
        for threads, size in ((1, 4 << 20), (2, 4 << 20), (2, 1), (1, 1 << 28)):
            torch.set_num_threads(threads)
            for bound in ("OUTPUT_BYTES", "PATCH_BYTES", "CHUNK_BYTES"):
                monkeypatch.setattr(chunks, bound, size)
            results.append(calibrate_block(*lenets, 1))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert len(results[0].used) > 5
    assert len(results[0].changed) > 4
    assert all(hashes(result) == hashes(results[0]) for result in results)
    assert all(result.judgements == results[0].judgements for result in results)


def test_the_order_of_the_mapping_is_nothing(lenets):
    members, held, samples, how = lenets
    backwards = dict(reversed(members.items())) | {99: members[1]}
    assert hashes(calibrate_block(backwards, held, samples, how, 1)) == hashes(
        calibrate_block(members, held, samples, how, 1)
    )


def test_step_size_falls_with_the_height(lenets):
    members, held, samples, how = lenets
    falling = rules(input=(1, 28, 28), round_size=5, max_samples=12, step_decay=2**29)
    assert hashes(calibrate_block(members, held, samples, falling, 1)) == hashes(
        calibrate_block(members, held, samples, how, 1)
    )
    assert hashes(calibrate_block(members, held, samples, falling, 2)) != hashes(
        calibrate_block(members, held, samples, how, 2)
    )


def test_bookkeeping(lenets):
    members, held, samples, how = lenets
    stages = []
    found = calibrate_block(
        members,
        held,
        samples,
        how,
        1,
        progress=lambda stage, done, total: stages.append((stage, done, total)),
    )
    valid = [k for k, judgement in enumerate(found.judgements) if judgement.valid]
    assert [item.position for item in found.used] == valid[:12]
    assert [item.wrong_label for item in found.used] == [found.judgements[k].wrong_label for k in valid[:12]]
    assert found.changed == tuple(party for party, count in found.steps.items() if count != StepCount())
    assert stages[-1] == ("calibrate", len(found.used), len(found.used))
    assert ("score", 7 * 24, 7 * 24) in stages


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interruption_leaves_the_threads_as_they_were(lenets, threads):
    def interrupt(stage, done, total):
        raise KeyboardInterrupt

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with pytest.raises(KeyboardInterrupt):
            calibrate_block(*lenets, 1, progress=interrupt)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_nothing_valid_changes_nothing(lenets):
    members, held, samples, _ = lenets
    found = calibrate_block(members, held, samples, rules(input=(1, 28, 28), delta=2**24), 1)
    assert (found.used, found.changed) == ((), ())
    assert all(found.models[party] is model for party, model in members.items())
    assert calibrate_block(members, held, [], rules(input=(1, 28, 28)), 1).judgements == ()


def test_a_step_raises_what_it_enhances_and_lowers_what_it_impairs():
    """One holder of each class: its aggregate is itself, and the step still moves it."""
    architecture = Architecture((1, 8, 8), (Linear(64, 6), Relu(), Linear(6, 5)))
    members = {1: random_model(architecture, 4, range(4)), 2: random_model(architecture, 5, range(4))}
    held = Membership.of([(1, {0}), (2, {1})])
    image = np.random.default_rng(1).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    for label in (0, 1):
        found = calibrate_block(members, held, candidates([(image, label)]), rules(step_initial=2**24), 1)
        if found.used:
            break
    after = calibrate_block(found.models, held, candidates([(image, label)]), rules(), 1).judgements[0]
    assert after.sum_a > found.judgements[0].sum_a
    assert after.sum_b < found.judgements[0].sum_b
    assert found.steps == {label + 1: StepCount(1, 0), 2 - label: StepCount(0, 1)}


def test_bad_inputs_are_named(lenets):
    members, held, samples, how = lenets
    with pytest.raises(MissingModelError) as missing:
        calibrate_block({1: members[1]}, held, samples, how, 1)
    assert missing.value.party == 2
    with pytest.raises(HeldClassError) as unscored:
        calibrate_block(members, Membership.of([(3, {1, 4})]), samples, how, 1)
    assert (unscored.value.party, unscored.value.label) == (3, 4)
    with pytest.raises(SampleSizeError):
        calibrate_block(members, held, [CandidateSample(bytes(32), bytes(32), bytes(783), 0)], how, 1)
    with pytest.raises(ImageShapeError):
        calibrate_block(members, held, [], rules(), 1)
    with pytest.raises(ClassRangeError):
        calibrate_block(members, held, [CandidateSample(bytes(32), bytes(32), bytes(784), 4)], how, 1)
    with pytest.raises(ClassRangeError):
        calibrate_block(members, held, samples, rules(input=(1, 28, 28), classes=3), 1)
