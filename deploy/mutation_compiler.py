"""The pinned compiler kept in memory, for compiling the deployed contracts again and again with one file changed."""

import json
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.compile import collect_sources

DEPLOYED = "contracts/Bema.sol"
LENS = "contracts/BemaLens.sol"


class Compiler:
    """Compiles the contracts under `root`; Node runs deploy/solc_lines.js there."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._profile = tomllib.loads((root / "foundry.toml").read_text())["profile"]["default"]
        self._sources = self._read_sources(root)
        self._node = subprocess.Popen(
            ["node", "deploy/solc_lines.js"],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Stop the compiler."""
        self._node.kill()
        self._node.wait()

    def bytecode(self, target: str, changed: Mapping[str, str], optimised: bool = False) -> str:
        """Return the creation bytecode of the contract of file `target` as hex, empty where it does not compile.

        `changed` holds the texts of files that differ. Without the optimizer it takes a second, with it eight.
        """
        contract = Path(target).stem
        request = self._request({**self._sources, **changed}, target, contract, optimised)
        assert self._node.stdin is not None and self._node.stdout is not None
        self._node.stdin.write(json.dumps(request) + "\n")
        self._node.stdin.flush()
        answer = json.loads(self._node.stdout.readline())
        if any(each["severity"] == "error" for each in answer.get("errors", [])):
            return ""
        bytecode: str = answer["contracts"][target][contract]["evm"]["bytecode"]["object"]
        return bytecode

    def _request(
        self, sources: Mapping[str, str], target: str, contract: str, optimised: bool
    ) -> dict[str, Any]:
        return {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": {
                "optimizer": {"enabled": optimised, "runs": self._profile["optimizer_runs"]},
                "evmVersion": self._profile["evm_version"],
                "metadata": {"bytecodeHash": "none", "appendCBOR": False},
                "outputSelection": {target: {contract: ["evm.bytecode.object"]}},
            },
        }

    def _read_sources(self, root: Path) -> dict[str, str]:
        """What the deployed contracts consist of: ours as they stand under `root`, and what they import."""
        sources = {**collect_sources(self._profile["remappings"]), LENS: ""}
        ours = {name: (root / name).read_text() for name in sources if name.startswith("contracts/")}
        return {**sources, **ours}
