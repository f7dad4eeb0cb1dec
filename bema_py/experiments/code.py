"""The code that a run's record depends on, as one digest; comments, docstrings and layout do not count."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import bema_py

_ROOT = Path(bema_py.__file__).parent
_ENTRY = "bema_py.experiments.runs"
_COUNTED = tuple(f"bema_py.{part}." for part in ("core", "experiments", "learning", "roles"))
"""Chain and storage only carry what these compute."""
_CARRIERS = frozenset(f"bema_py.roles.{name}" for name in ("content", "network", "outbox"))
"""Nor do these compute anything of a run, though what they serve imports half of the roles."""


@cache
def code_digest() -> str:
    """Give the digest of every module that plays runs."""
    return digest_of(modules_behind(_ENTRY))


def digest_of(modules: Mapping[str, ast.Module]) -> str:
    """Give 48 bits, in hexadecimal, of the SHA-256 of modules by their names, as far as they are code."""
    hashed = sha256()
    for name, tree in sorted(modules.items()):
        hashed.update(f"{name}\n{ast.unparse(_WithoutDocstrings().visit(tree))}\n".encode())
    return hashed.hexdigest()[:12]


def modules_behind(entry: str) -> dict[str, ast.Module]:
    """Give a module of ours and all that it imports, wherever the import stands, by name and parsed."""
    found: dict[str, ast.Module] = {}
    pending = [entry]
    while pending:
        name = pending.pop()
        path = _ROOT.parent.joinpath(*name.split(".")).with_suffix(".py")
        if name not in found and name not in _CARRIERS and path.exists():
            found[name] = ast.parse(path.read_bytes())
            pending += imported(found[name])
    return found


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the names under which a module may import others of the parts that count."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(_COUNTED):
            yield from (f"{node.module}.{each.name}" for each in node.names)
            yield str(node.module)


class _WithoutDocstrings(ast.NodeTransformer):
    """Leaves out the strings that stand alone: of modules, classes, functions and constants."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        alone = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if alone else node
