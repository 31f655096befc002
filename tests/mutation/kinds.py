# SPDX-License-Identifier: Apache-2.0
"""What a mutant of `mutmut` changes: a number, a comparison, a sum, a yes or no, or something else.

`mutmut` writes each mutant of a function beside the function, as `NAME__mutmut_N` and `NAME__mutmut_orig`; the first
difference of the two is what it changes.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Final, Literal

Kind = Literal["number", "comparison", "arithmetic", "logic", "other"]
DECIDES: Final[tuple[Kind, ...]] = ("number", "comparison")
"""What a limit, a delay or a decision is made of, changed by one step. How long a text may be is none of these, and
neither is what only a sentence says."""


def kinds_below(folder: Path, package: str) -> dict[str, Kind]:
    """Kind by the name that mutmut gives a mutant, of all the mutated files below `folder`."""
    found: dict[str, Kind] = {}
    for path in sorted(folder.rglob("*.py")):
        module = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for name, node in functions.items():
            mutant = re.match(r"(.*)__mutmut_\d+$", name)
            original = functions.get(f"{mutant[1]}__mutmut_orig") if mutant else None
            if original is not None:
                found[f"{module}.{name}"] = kind_of(original, node)
    return found


def kind_of(original: ast.AST, mutant: ast.AST) -> Kind:
    """What the first difference of the two is."""
    pair = _difference(original, mutant)
    if pair is None:
        return "other"
    before, after = pair
    if isinstance(before, ast.Constant) and isinstance(after, ast.Constant):
        return "number" if _is_number(before.value) and _is_number(after.value) else "other"
    if isinstance(before, ast.Compare):
        return "comparison"
    if isinstance(before, ast.BinOp | ast.AugAssign):
        return "arithmetic"
    return "logic" if isinstance(before, ast.BoolOp) else "other"


def _difference(before: Any, after: Any) -> tuple[Any, Any] | None:
    if type(before) is not type(after):
        return before, after
    if isinstance(before, list):
        if len(before) != len(after):
            return before, after
        return next((d for pair in zip(before, after, strict=True) if (d := _difference(*pair))), None)
    if not isinstance(before, ast.AST):
        return None if before == after else (before, after)
    for field in before._fields:
        if field == "name" and isinstance(before, ast.FunctionDef):
            continue
        if isinstance(before, ast.JoinedStr | ast.Raise | ast.Slice):
            return None if ast.dump(before) == ast.dump(after) else (None, None)
        deeper = _difference(getattr(before, field, None), getattr(after, field, None))
        if deeper is not None:
            changed_here = field in ("op", "ops") or isinstance(before, ast.Constant)
            return (before, after) if changed_here else deeper
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
