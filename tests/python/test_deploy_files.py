"""The files in deploy/ agree with the program: profiles are read as they are, and name one another rightly."""

import re
import tomllib
from pathlib import Path

import pytest

from bema_py.cli.deploy import read_rules
from bema_py.cli.node_parts import ROLES
from bema_py.cli.profile import load_profile

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = (DEPLOY / "containers/compose.yaml").read_text()
PROFILES = sorted((DEPLOY / "containers/profiles").glob("*.toml"))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_container_has_a_profile_of_its_own(path: Path) -> None:
    profile = load_profile(path)
    assert profile.node.role in ROLES
    assert f"  {path.stem}: {{ <<: *node, command: [node, --config, /etc/bema/{path.name}] }}" in COMPOSE
    for url in profile.node.founders:
        host = re.fullmatch(r"http://(founder\d):9100", url)
        assert host
        assert load_profile(path.parent / f"{host[1]}.toml").node.role == "original-party"
    # Nothing but content and the deployment record is shared.
    assert profile.party.state == f"/data/{path.stem}"


def test_containers_act_for_accounts_of_their_own_and_founders_are_those_listed() -> None:
    profiles = [load_profile(path) for path in PROFILES]
    assert (
        len({profile.account.address for profile in profiles})
        == len(profiles)
        == COMPOSE.count("*node, command")
    )
    first = load_profile(DEPLOY / "containers/profiles/founder1.toml")
    assert read_rules(first).classes == 10
    founders = [each.account.address for each in profiles if each.node.role == "original-party"]
    assert [founder.account for founder in first.deploy.founders] == founders


def test_the_unit_starts_the_command_and_stops_retrying_what_a_person_must_mend() -> None:
    unit = (DEPLOY / "systemd/bema@.service").read_text()
    assert "ExecStart=/opt/bema/bin/bema node --config /etc/bema/%i.toml" in unit
    assert "RestartPreventExitStatus=2 7" in unit
    keys = [line.split("=")[0] for line in unit.splitlines() if "=" in line and not line.startswith("#")]
    assert {"NoNewPrivileges", "ProtectSystem", "SystemCallFilter", "LoadCredential"} <= set(keys)


def test_the_container_image_takes_the_versions_of_this_project() -> None:
    image = (DEPLOY / "containers/Dockerfile").read_text()
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    assert "-c constraints.txt" in image
    assert "cpu" in project["optional-dependencies"]
    assert image.rstrip().splitlines()[-1] == "STOPSIGNAL SIGTERM"
