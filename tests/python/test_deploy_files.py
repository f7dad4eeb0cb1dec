"""The files in deploy/ agree with the program: profiles are read as they are, and name one another rightly."""

import re
import tomllib
from pathlib import Path

import pytest

from bema_py.cli.commands import BEMA
from bema_py.cli.deploy import read_rules
from bema_py.cli.node_parts import ROLES
from bema_py.cli.profile import load_profile

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = (DEPLOY / "containers/compose.yaml").read_text()
PROFILES = sorted((DEPLOY / "containers/profiles").glob("*.toml"))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_container_has_a_profile_and_a_volume_that_no_other_sees(path: Path) -> None:
    profile = load_profile(path)
    assert profile.node.role in ROLES
    mounts = f'"./profiles/{path.name}:/etc/bema/node.toml:ro", "{path.stem}:/data", "record:/deployment:ro"'
    assert f"  {path.stem}: {{ <<: *node, volumes: [{mounts}] }}" in COMPOSE
    # The first founder's are those of the deployment too.
    assert COMPOSE.count(f'"{path.stem}:/data"') == (2 if path.stem == "founder1" else 1)
    for url in profile.node.founders:
        host = re.fullmatch(r"http://(founder\d):9100", url)
        assert host
        assert load_profile(path.parent / f"{host[1]}.toml").node.role == "original-party"
    for place in (profile.party.state, profile.chain.index, profile.content.directory):
        assert place.startswith("/data/")
    assert profile.chain.deployment == "/deployment/deployment.json"
    for service, address in (("chain", profile.chain.url), ("ipfs", *profile.content.nodes)):
        assert f"\n  {service}:\n" in COMPOSE
        assert service in re.split(r"[/:]+", str(address))


def test_containers_act_for_accounts_of_their_own_and_founders_are_those_listed() -> None:
    profiles = [load_profile(path) for path in PROFILES]
    assert (
        len({profile.account.address for profile in profiles})
        == len(profiles)
        == COMPOSE.count("{ <<: *node, volumes")
    )
    first = load_profile(DEPLOY / "containers/profiles/founder1.toml")
    assert read_rules(first).classes == 10
    founders = [each.account.address for each in profiles if each.node.role == "original-party"]
    assert [founder.account for founder in first.deploy.founders] == founders


def test_the_deployment_runs_commands_that_there_are() -> None:
    names = {command.name for command in BEMA}
    ran = re.findall(r"\bbema ([a-z]+) [^|\n]*--profile /etc/bema/node.toml", COMPOSE)
    assert ran == ["deploy", "fund"]
    assert {*ran, "node"} <= names
    image = (DEPLOY / "containers/Dockerfile").read_text()
    assert 'ENTRYPOINT ["bema"]\nCMD ["node", "--config", "/etc/bema/node.toml"]\n' in image
    assert set(re.findall(r"^COPY (.+) \S+$", image, re.MULTILINE)) == {
        "pyproject.toml constraints.txt README.md",
        "bema_py",
    }
    ignored = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == {
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "bema_py",
    }


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
    extras = re.findall(r'"\.\[(.+?)\]"', image)
    assert extras
    assert set(extras) <= set(project["optional-dependencies"])
    assert image.rstrip().splitlines()[-1] == "STOPSIGNAL SIGTERM"
