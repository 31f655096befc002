# SPDX-License-Identifier: Apache-2.0
"""The manifest: every file of the firmware with its SHA-256, for which board and processor it was compiled. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...errors import CheckFailed

FORMAT: Final = "vitalwire-firmware"
NAME: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
ROOT_FILES: Final = ("main.py", "boot.py")
"""What the interpreter starts by name; all else is in a copy."""
_FIELDS: Final = {"firmware": str, "protocol": str, "board": str, "processor": str, "mpy": str, "files": dict}


@dataclass(frozen=True)
class Manifest:
    """What belongs to one build. `files`: path -> SHA-256 in hex; `mpy`: version of the compiled form, as "6.3"."""

    firmware: str
    protocol: str
    board: str
    processor: str
    mpy: str
    files: Mapping[str, str]

    def text(self) -> str:
        """As it is stored and signed: the same build gives the same bytes."""
        content = {"format": FORMAT, "version": 1, **{name: getattr(self, name) for name in _FIELDS}}
        content["files"] = dict(sorted(self.files.items()))
        return json.dumps(content, indent=0, sort_keys=False) + "\n"

    @property
    def sha256(self) -> str:
        """Of the text: names this build in one line."""
        return digest(self.text().encode())

    def mismatches(self, files: Mapping[str, bytes]) -> list[str]:
        """What of `files` is missing, too much or otherwise than it says, a phrase each."""
        missing = [f"{path} is missing" for path in self.files if path not in files]
        extra = [f"{path} does not belong to it" for path in files if path not in self.files]
        other = [f"{path} is not what it says" for path, data in files.items() if self.files.get(path) != digest(data)]
        return missing + extra + [text for text in other if text.split(" ")[0] in self.files]


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def parse(text: str, where: str) -> Manifest:
    """Reads a manifest. Raises CheckFailed, with `where` in its sentence, for one that cannot be used."""
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckFailed(f"{where} is not JSON: {error}", _AGAIN) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckFailed(f"{where} is no manifest of Vitalwire firmware", _AGAIN)
    if content.get("version") != 1:
        raise CheckFailed(
            f"{where} is of version {content.get('version')}, this program reads 1", "install a newer one"
        )
    for name, kind in _FIELDS.items():
        if not isinstance(value := content.get(name), kind) or (isinstance(value, str) and not value.isprintable()):
            raise CheckFailed(f"{where}: {name!r} is missing or of the wrong kind", _AGAIN)
    for path, sha256 in content["files"].items():
        if not _good_path(path) or not _good_digest(sha256):
            raise CheckFailed(f"{where}: the entry {path[:60]!r} is no file with its SHA-256", _AGAIN)
    if not set(ROOT_FILES) <= set(content["files"]):
        raise CheckFailed(f"{where} does not have what starts the firmware: {', '.join(ROOT_FILES)}", _AGAIN)
    return Manifest(**{name: content[name] for name in _FIELDS})


_AGAIN: Final = "make the build again with `vitalwire image firmware`"


def _good_path(path: str) -> bool:
    parts = path.split("/")
    plain = all(c.isascii() and (c.isalnum() or c in "._-/") for c in path)
    return plain and all(part not in ("", ".", "..") for part in parts)


def _good_digest(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and all(c in "0123456789abcdef" for c in text)


__all__ = ["FORMAT", "NAME", "ROOT_FILES", "SIGNATURE", "Manifest", "digest", "parse"]
