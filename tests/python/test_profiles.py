"""The example profile holds every setting there is, and is read as it says."""

from dataclasses import fields, is_dataclass
from pathlib import Path

from bema_py.cli.deploy import read_rules
from bema_py.cli.profile import Profile, load_profile

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
    assert read_rules(profile).classes == 10
    assert [founder.held_classes for founder in profile.deploy.founders][2] == [0, 1, 8, 9]
    assert profile.resolve(profile.chain.deployment) == EXAMPLE.parent / "deployment.json"
