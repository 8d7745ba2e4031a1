"""What stands beside the declarations of tables in the source: docstrings and comments of tables and columns."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Declared:
    """One table as its source tells of it."""

    source: Path
    line: int
    text: str
    """Its docstring, and the comments within its declaration; of a table that a function makes, its module's."""
    columns: Mapping[str, str]
    """The docstrings of columns that have one."""


def declared_tables(sources: Sequence[Path]) -> dict[str, list[Declared]]:
    """Every `Table(…)` of these files by its name; names may be taken by several services."""
    found: dict[str, list[Declared]] = {}
    for source in sources:
        text = source.read_text(encoding="utf-8")
        for name, declared in _tables(source, ast.parse(text), text.splitlines()):
            found.setdefault(name, []).append(declared)
    return found


def _tables(source: Path, tree: ast.Module, lines: list[str]) -> Iterator[tuple[str, Declared]]:
    columns = _documented(tree.body)
    for at, statement in enumerate(tree.body):
        if isinstance(statement, ast.FunctionDef):
            for call in _calls(statement, "Table"):
                name = statement.args.defaults[0] if statement.args.defaults else None
                if isinstance(name, ast.Constant):
                    told = ast.get_docstring(tree) or ""
                    yield str(name.value), _declared(source, call, told, columns, lines)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            for call in _calls(statement, "Table"):
                if call.args and isinstance(call.args[0], ast.Constant):
                    told = _docstring_behind(tree.body, at)
                    yield str(call.args[0].value), _declared(source, call, told, columns, lines)


def _declared(
    source: Path, call: ast.Call, told: str, documented: Mapping[str, tuple[str, str]], lines: list[str]
) -> Declared:
    within = lines[call.lineno - 1 : call.end_lineno]
    comments = " ".join(line.strip().removeprefix("#").strip() for line in within if line.strip().startswith("#"))
    listed = next((keyword.value for keyword in call.keywords if keyword.arg == "columns"), None)
    elements = listed.elts if isinstance(listed, ast.Tuple) else []
    named = [
        documented[element.id] for element in elements if isinstance(element, ast.Name) and element.id in documented
    ]
    return Declared(source, call.lineno, "\n\n".join(part for part in (told, comments) if part), dict(named))


def _documented(body: Sequence[ast.stmt]) -> dict[str, tuple[str, str]]:
    """Name in the module → (name of the column, its docstring), for columns that have one."""
    found: dict[str, tuple[str, str]] = {}
    for at, statement in enumerate(body):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        told = _docstring_behind(body, at)
        if isinstance(target, ast.Name) and isinstance(value, ast.Call) and value.args and told:
            first = value.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found[target.id] = (first.value, told)
    return found


def _docstring_behind(body: Sequence[ast.stmt], at: int) -> str:
    behind = body[at + 1] if at + 1 < len(body) else None
    if isinstance(behind, ast.Expr) and isinstance(behind.value, ast.Constant) and isinstance(behind.value.value, str):
        return behind.value.value.strip()
    return ""


def _calls(within: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(within):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node
