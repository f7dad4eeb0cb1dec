"""Compiles the contracts into the artifact that the Python package ships.

    python -m deploy.compile            writes bema_py/chain/artifacts/Bema.json
    python -m deploy.compile --check    exits 1 where that file does not match the sources

The compiler is the pinned solc of tests/tools under Node; its settings are those of foundry.toml.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import solcx

from deploy.tools import ROOT, tool_environment

ARTIFACT = ROOT / "bema_py" / "chain" / "artifacts" / "Bema.json"
SOURCE = "contracts/Bema.sol"
CONTRACT = "Bema"
_IMPORT = re.compile(r'^import [^;]*?"([^"]+)";', re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the artifact, or with --check compare it; the exit code is 1 where it is out of date."""
    parser = argparse.ArgumentParser(description="Compile the contracts into the shipped artifact.")
    parser.add_argument("--check", action="store_true", help="only say whether the artifact is current")
    only_check = parser.parse_args(arguments).check
    built = build_artifact()
    if only_check:
        return _report(ARTIFACT.read_bytes() == built)
    ARTIFACT.write_bytes(built)
    print(f"wrote {ARTIFACT.name}, {len(built)} bytes")
    return 0


def build_artifact() -> bytes:
    """Compile and return the artifact's bytes, which depend on sources, compiler and settings alone.

    Raises solcx.exceptions.SolcError with the compiler's messages where the sources do not compile.
    """
    # The compiler is a script for Node, which py-solc-x runs in this process's environment.
    os.environ.update(tool_environment())
    profile = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    sources = collect_sources(profile["remappings"])
    settings = {
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "viaIR": _via_ir(profile),
        "evmVersion": profile["evm_version"],
        "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
        "outputSelection": {SOURCE: {CONTRACT: ["abi", "evm.bytecode.object", "evm.deployedBytecode"]}},
    }
    output = _compile(ROOT / profile["solc"], sources, settings)
    contract = output["contracts"][SOURCE][CONTRACT]
    artifact = {
        "contract": CONTRACT,
        "compiler": {"version": _compiler_version(ROOT / profile["solc"]), "settings": settings},
        "sources": {name: source_hash(text) for name, text in sources.items()},
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + contract["evm"]["deployedBytecode"]["object"],
        "immutables": _immutable_ranges(contract["evm"]["deployedBytecode"]["immutableReferences"]),
    }
    return (json.dumps(artifact, indent=1, sort_keys=True) + "\n").encode()


def collect_sources(remappings: Sequence[str]) -> dict[str, str]:
    """Read the contract and everything it imports; keys are import names, values the texts."""
    sources: dict[str, str] = {}
    pending = [SOURCE]
    while pending:
        name = pending.pop()
        if name in sources:
            continue
        sources[name] = _locate(name, remappings).read_text()
        pending += [_resolve(name, imported) for imported in _IMPORT.findall(sources[name])]
    return dict(sorted(sources.items()))


def source_hash(text: str) -> str:
    """Return the SHA-256 of a source text, as hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _via_ir(profile: dict[str, Any]) -> bool:
    return any(each["paths"] == SOURCE and each["via_ir"] for each in profile["compilation_restrictions"])


def _compile(solc: Path, sources: dict[str, str], settings: dict[str, Any]) -> dict[str, Any]:
    standard_input = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": settings,
    }
    output: dict[str, Any] = solcx.compile_standard(standard_input, solc_binary=solc)
    return output


def _compiler_version(solc: Path) -> str:
    return str(solcx.wrapper.get_solc_version(solc, with_commit_hash=True))


def _locate(name: str, remappings: Sequence[str]) -> Path:
    for remapping in remappings:
        prefix, target = remapping.split("=", 1)
        if name.startswith(prefix):
            return ROOT / (target + name.removeprefix(prefix))
    return ROOT / name


def _resolve(importer: str, imported: str) -> str:
    if imported.startswith("."):
        return os.path.normpath(Path(importer).parent / imported)
    return imported


def _immutable_ranges(references: dict[str, list[dict[str, int]]]) -> list[list[int]]:
    ranges = [[place["start"], place["length"]] for places in references.values() for place in places]
    return sorted(ranges)


def _report(current: bool) -> int:
    name = ARTIFACT.name
    if current:
        print(f"{name} matches the sources")
        return 0
    print(f"{name} does not match the sources: run python -m deploy.compile", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
