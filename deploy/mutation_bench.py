"""One worker's copy of the contracts and their tests, in which it compiles and judges mutants.

A mutant costs a second or two: the compiler stays in memory and skips the IR and the optimizer, only the deployed
contract is compiled, and its bytecode takes the place of the original's among the built artifacts, from where every
test deploys it. Tests that contain a library are compiled again only for those of its mutants that the others miss.
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.mutation_compiler import DEPLOYED, LENS, Compiler
from deploy.tools import ROOT, tool_environment

_COPIED = ("contracts", "tests/contracts", "tests/vectors", "deploy", "foundry.toml")
_QUICK_SOLC = "cache/solc"
_SETTINGS = {
    "FOUNDRY_PROFILE": "coverage",
    "FOUNDRY_OPTIMIZER": "false",
    "FOUNDRY_SOLC": _QUICK_SOLC,
    "FOUNDRY_FUZZ_RUNS": "20",
    # Ends a loop that a mutant made endless.
    "FOUNDRY_GAS_LIMIT": "300000000",
    # That an invariant fails is enough; forge would look for the shortest way there for minutes.
    "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
}
_TIMEOUT = 300.0
# Of an invariant that fails, forge names the calls that led there first and the invariant on a line of its own.
_FAILED = re.compile(r"^(?:\[FAIL.*\]| (?=invariant)) ?(\w+)\(", re.MULTILINE)
# Gas and the shipped bytecode belong to optimised code; the last two read libraries alone.
_LEFT_OUT = "GasTest|GasFloorTest|ArtifactTest|MerkleVectorsTest|BitSlicedCounterTest"
_INVARIANTS = "InvariantsTest"
# The suite that most likely kills, where it does not have the file's name.
_OWN_SUITES = {
    "BemaLens": "Lens",
    "BitSlicedCounter": "Approvals",
    "ClassMask": "Parties",
    "Header": "Blocks",
    "Leaf": "FraudProofs",
    "Merkle": "Inclusion",
    "Pool": "Rewards",
    "Quorum": "Suspensions",
    "RollbackStack": "Rejections",
    "Sha256d": "Blocks",
    "Signatures": "Suspensions",
}
# Tests that contain a library themselves.
_OF_LIBRARY = {
    "BitSlicedCounter": "BitSlicedCounterTest",
    "BlockRecord": "RecordsTest",
    "ClassMask": "ClassMaskTest",
    "Difficulty": "DifficultyTest",
    "Header": "HeaderVectorsTest",
    "Merkle": "MerkleTest|MerkleVectorsTest",
    "PartyRecord": "RecordsTest",
    "PoolRecord": "RecordsTest",
    "RollbackStack": "RollbackStackTest|RecordsTest",
    "Sha256d": "Sha256dTest|MerkleTest|KnownHashesTest|LeafVectorsTest",
    "Signature": "SignatureTest",
    "WordHash": "WordHashTest",
}
# Their sources, built apart from the deployed contract.
_APART = {
    "FOUNDRY_SRC": "contracts/libraries",
    "FOUNDRY_OUT": "cache/libraries/out",
    "FOUNDRY_CACHE_PATH": "cache/libraries",
    "FOUNDRY_GAS_LIMIT": "30000000000",
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file: `new` stands where bytes start..end stood."""

    file: str
    start: int
    end: int
    new: str
    line: int
    function: str
    mutator: str

    def apply(self, text: bytes) -> bytes:
        """Return the file's text with the change."""
        return text[: self.start] + self.new.encode() + text[self.end :]


@dataclass(frozen=True)
class Verdict:
    """Killed, survived, "does not compile" or "same bytecode"; `by` names the test that failed first."""

    outcome: str
    by: str = ""


class Bench:
    """A copy of the tree under cache/mutation, with its own compiler."""

    def __init__(self, name: str) -> None:
        self._root = ROOT / "cache" / "mutation" / name
        self._environment = tool_environment(**_SETTINGS)
        self._copy()
        self._write_quick_solc()
        self._forge(["build"])
        self._compiler = Compiler(self._root, self._environment)
        self._plain = {target: self._compiler.bytecode(target, {}) for target in (DEPLOYED, LENS)}
        self._optimised = {target: self._compiler.bytecode(target, {}, True) for target in (DEPLOYED, LENS)}
        # A run that was cut off may have left a mutant.
        for target, bytecode in self._plain.items():
            self._install(target, bytecode)

    def close(self) -> None:
        """Stop the compiler."""
        self._compiler.close()

    def require_passing(self) -> None:
        """Raise RuntimeError where a test fails on the contracts as they are."""
        quick, slow = _stages("")
        of_libraries = ["--match-contract", "|".join(_OF_LIBRARY.values())]
        failed = self._first_failure([*quick, *slow]) or self._test(of_libraries, _APART)
        if failed:
            raise RuntimeError(f"{failed} fails without any mutant")

    def judge(self, mutant: Mutant) -> Verdict:
        """Compile the mutant and run the tests until one fails."""
        target = LENS if mutant.file == LENS else DEPLOYED
        text = (self._root / mutant.file).read_bytes()
        changed = mutant.apply(text).decode(errors="replace")
        bytecode = self._compiler.bytecode(target, {mutant.file: changed})
        if not bytecode:
            return Verdict("does not compile")
        if bytecode == self._plain[target]:
            return Verdict("same bytecode")
        quick, slow = _stages(Path(mutant.file).stem)
        killer = self._judge_deployed(target, bytecode, quick)
        if killer:
            return Verdict("killed", killer)
        # The mutants that are the same program are most of those that are left, and the slow tests cannot tell.
        if self._compiler.bytecode(target, {mutant.file: changed}, True) == self._optimised[target]:
            return Verdict("same bytecode", "optimizer")
        killer = self._judge_deployed(target, bytecode, slow) or self._judge_library(
            mutant.file, text, changed
        )
        return Verdict("killed", killer) if killer else Verdict("survived")

    def _judge_deployed(self, target: str, bytecode: str, stages: list[list[str]]) -> str:
        try:
            self._install(target, bytecode)
            return self._first_failure(stages)
        finally:
            self._install(target, self._plain[target])

    def _judge_library(self, file: str, text: bytes, changed: str) -> str:
        tests = _OF_LIBRARY.get(Path(file).stem)
        if tests is None:
            return ""
        try:
            (self._root / file).write_text(changed)
            return self._test(["--match-contract", tests], _APART)
        finally:
            (self._root / file).write_bytes(text)

    def _first_failure(self, stages: list[list[str]]) -> str:
        return next(filter(None, (self._test(stage, {}) for stage in stages)), "")

    def _test(self, options: list[str], settings: dict[str, str]) -> str:
        """Return the name of the first test that fails, or nothing."""
        try:
            output = self._forge(["test", "--fail-fast", "-j", "1", *options], settings)
        except subprocess.TimeoutExpired:
            return "timeout"
        failed = _FAILED.search(output)
        return failed[1] if failed else ""

    def _forge(self, arguments: list[str], settings: dict[str, str] | None = None) -> str:
        """Return forge's output; raise RuntimeError with it where forge fails without a failing test."""
        finished = subprocess.run(
            ["forge", *arguments],
            cwd=self._root,
            env={**self._environment, **(settings or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=None if arguments == ["build"] else _TIMEOUT,
        )
        if finished.returncode != 0 and not _FAILED.search(finished.stdout):
            raise RuntimeError(f"forge {' '.join(arguments)}\n{finished.stdout}\n{finished.stderr}")
        return finished.stdout

    def _install(self, target: str, bytecode: str) -> None:
        """Put the bytecode where `vm.getCode` finds it."""
        stem = Path(target).stem
        artifact = self._root / "out" / f"{stem}.sol" / f"{stem}.json"
        content = json.loads(artifact.read_text())
        content["bytecode"]["object"] = f"0x{bytecode}"
        artifact.write_text(json.dumps(content))

    def _copy(self) -> None:
        """Bring the copy up to date; what forge built of it before stays."""
        for name in _COPIED:
            source, place = ROOT / name, self._root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.rmtree(place, ignore_errors=True)
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, place)
        tools = self._root / "tests" / "tools"
        if not tools.exists():
            tools.symlink_to(ROOT / "tests" / "tools")

    def _write_quick_solc(self) -> None:
        """Forge asks for the version at every start, for which solc.js would load the whole compiler."""
        command = ["node", "deploy/solc.js", "--version"]
        version = subprocess.check_output(command, cwd=self._root, env=self._environment, text=True)
        script = self._root / _QUICK_SOLC
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            f"#!/bin/sh\ncase \"$*\" in *--version*) cat <<'END'\n{version}END\n;;\n"
            '*) exec node deploy/solc.js "$@";;\nesac\n'
        )
        script.chmod(0o755)


def _stages(stem: str) -> tuple[list[list[str]], list[list[str]]]:
    """Return forge's options for the quick tests, the file's own first, and for the slow ones."""
    others = f"{_LEFT_OUT}|{_INVARIANTS}"
    quick = [["--no-match-contract", others]]
    own = f"tests/contracts/{_OWN_SUITES.get(stem, stem)}.t.sol"
    if (ROOT / own).exists():
        quick.insert(0, ["--match-path", own, "--no-match-contract", others])
    return quick, [["--match-contract", _INVARIANTS]]
