"""The example profile holds every setting there is, and is read as it says."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from bema_py.cli.deploy import read_public_set, read_rules, read_witness
from bema_py.cli.profile import Profile, ProfileError, load_profile
from bema_py.core.fields import InvalidObjectError
from bema_py.core.rules import Rules

EXAMPLE = Path(__file__).parents[2] / "deploy/profiles/founder.toml"


def test_the_example_profile_names_every_setting() -> None:
    profile = load_profile(EXAMPLE)
    text = EXAMPLE.read_text()
    for section in fields(Profile):
        value = getattr(profile, section.name)
        if is_dataclass(value):
            assert f"[{section.name}]" in text
            for setting in fields(value):
                assert f"\n{setting.name} = " in text, f"{section.name}.{setting.name}"
    assert set(profile.rules) == {field.name for field in fields(Rules)} - {"witness"}
    assert read_rules(profile, read_public_set(profile)).classes == 10
    assert [founder.held_classes for founder in profile.deploy.founders][2] == [0, 1, 8, 9]
    assert profile.resolve(profile.chain.deployment) == EXAMPLE.parent / "deployment.json"


def test_a_public_set_is_read_from_its_file_and_fits_the_rules(tmp_path: Path) -> None:
    images = np.arange(3 * 784, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
    np.savez(tmp_path / "public.npz", images=images, labels=np.array([0, 9, 9]))
    profile = load_profile(written(tmp_path, 'public_set = "public.npz"', "rehearsal = 2"))
    public = read_public_set(profile)
    assert public is not None
    assert [(sample.x, sample.y) for sample in public.samples] == [
        (image.tobytes(), label) for image, label in zip(images, (0, 9, 9), strict=True)
    ]
    assert read_rules(profile, public).public_set == public.digest()
    np.savez(tmp_path / "public.npz", images=images, labels=np.array([0, 9, 10]))
    with pytest.raises(InvalidObjectError, match="y of sample 2 is 10"):
        read_rules(profile, read_public_set(profile))
    with pytest.raises(ProfileError, match=r"rules.public_set is 5, the path of an .npz file is needed"):
        read_public_set(load_profile(written(tmp_path, "public_set = 5", "rehearsal = 2")))


@pytest.mark.parametrize(
    ("references", "message"),
    [
        (["11" * 32], "rules.witness.references is .*, a list of one reference root a founder is needed"),
        (["11" * 32, "22" * 32, "0x33"], "references is '0x33', must be 64 hexadecimal digits"),
        (["11" * 32, "22" * 32, 3], "references is 3, must be 64 hexadecimal digits"),
    ],
)
def test_a_witness_has_one_reference_root_a_founder(references: object, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        read_witness(load_profile(EXAMPLE), {"references": references})


def written(directory: Path, *settings: str) -> Path:
    """Write the example profile with other values of some rules."""
    text = EXAMPLE.read_text()
    for setting in settings:
        name = setting.split()[0]
        text = re.sub(rf"(?m)^{name} = .*$", setting, text)
    path = directory / "founder.toml"
    path.write_text(text)
    return path
