"""Lists what slither-mutate's own mutators would change in the contracts, without running anything.

    python -m deploy.mutants FORGE_OUTPUT MUTANTS.json

Runs under the Python that has slither; `python -m deploy.mutate` calls it. FORGE_OUTPUT holds a build with build-info.
"""

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slither import Slither
from slither.tools.mutator.mutators import LIR, all_mutators
from slither.tools.mutator.mutators.abstract_mutator import AbstractMutator

from deploy.tools import ROOT


def main(forge_output: str, result: str) -> None:
    """Write every mutant once, in the order of file and place."""
    slither = Slither(str(ROOT), ignore_compile=True, foundry_out_directory=forge_output)
    mutators = [each for each in vars(all_mutators).values() if _is_mutator(each)]
    found = {
        (entry["file"], entry["start"], entry["end"], entry["new"]): entry
        for unit in slither.compilation_units
        for contract in unit.contracts
        if _is_ours(contract)
        for mutator in mutators
        for entry in _mutants_of(mutator, unit, contract)
    }
    Path(result).write_text(json.dumps([found[key] for key in sorted(found)]))


def _mutants_of(mutator: Any, unit: Any, contract: Any) -> Iterator[dict[str, Any]]:
    """Ask function by function: a mutator that fails on one, as on assembly, still mutates the others."""
    for function in contract.functions_and_modifiers_declared:
        worker = mutator(unit, 0, "", "", contract, None, False, Path(), [])
        worker.should_mutate_function = lambda asked, wanted=function: asked == wanted
        # The mutator keeps this list from one call to the next, with the bounds of other types in it.
        LIR.literal_replacements.clear()
        try:
            patches = worker._mutate().get("patches", {})
        except Exception as error:
            print(f"{mutator.NAME} fails on {function.canonical_name}: {error!r}", file=sys.stderr)
            continue
        for file, entries in patches.items():
            for patch in entries:
                yield _entry(mutator.NAME, file, function.name, patch)


def _entry(mutator: str, file: str, function: str, patch: dict[str, Any]) -> dict[str, Any]:
    end = patch["end"]
    if mutator == "FHR":
        # Its text is the whole function, but its end is that of the header.
        end = patch["start"] + len(patch["old_string"].encode())
    return {
        "file": Path(file).relative_to(ROOT).as_posix(),
        "start": patch["start"],
        "end": end,
        "new": patch["new_string"],
        "line": patch["line_number"],
        "function": function,
        "mutator": mutator,
    }


def _is_mutator(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, AbstractMutator) and value is not AbstractMutator


def _is_ours(contract: Any) -> bool:
    file = Path(contract.source_mapping.filename.absolute)
    return file.is_relative_to(ROOT / "contracts") and not contract.is_interface


if __name__ == "__main__":
    main(*sys.argv[1:])
