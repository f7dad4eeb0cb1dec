import json
import re
from pathlib import Path
from typing import Any

import pytest

import deploy.compile as compiler

ROOT = Path(__file__).resolve().parents[2]
EIP170_LIMIT = 24576


artifact: dict[str, Any] = json.loads(compiler.ARTIFACT.read_text())


def names(kind: str) -> set[str]:
    return {entry["name"] for entry in artifact["abi"] if entry["type"] == kind}


def test_own_sources_have_the_recorded_hashes() -> None:
    own = {name: digest for name, digest in artifact["sources"].items() if name.startswith("contracts/")}
    on_disk = {
        str(path.relative_to(ROOT)): compiler.source_hash(path.read_text())
        for path in (ROOT / "contracts").rglob("*.sol")
        if path.name != "BemaLens.sol"  # a contract of its own, which the package does not deploy
    }
    assert own == on_disk


@pytest.mark.parametrize("kind", ["function", "event", "error"])
def test_abi_holds_the_whole_interface(kind: str) -> None:
    interface = (ROOT / "contracts" / "interfaces" / "IBema.sol").read_text()
    declared = set(re.findall(rf"^    {kind} (\w+)\(", interface, re.MULTILINE))
    assert len(declared) >= 7
    assert declared <= names(kind)


def test_code_fits_into_a_contract() -> None:
    assert 0 < len(bytes.fromhex(artifact["deployedBytecode"][2:])) <= EIP170_LIMIT


def test_immutables_are_blank_words() -> None:
    code = bytes.fromhex(artifact["deployedBytecode"][2:])
    assert artifact["immutables"]
    for start, length in artifact["immutables"]:
        assert code[start : start + length] == bytes(32)


@pytest.fixture(scope="module")
def built() -> bytes:
    return compiler.build_artifact()


@pytest.mark.tools
def test_artifact_is_what_the_sources_compile_to(built: bytes) -> None:
    assert compiler.ARTIFACT.read_bytes() == built


@pytest.mark.tools
def test_check_finds_one_changed_digit(
    built: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiler, "build_artifact", lambda: built)
    assert compiler.main(["--check"]) == 0
    assert capsys.readouterr().out == "Bema.json matches the sources\n"
    code = artifact["bytecode"]
    changed_code = code[:-1] + ("0" if code[-1] != "0" else "1")
    changed = tmp_path / "Bema.json"
    changed.write_text(compiler.ARTIFACT.read_text().replace(code, changed_code))
    monkeypatch.setattr(compiler, "ARTIFACT", changed)
    assert compiler.main(["--check"]) == 1
    assert "run python -m deploy.compile" in capsys.readouterr().err
