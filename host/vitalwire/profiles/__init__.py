# SPDX-License-Identifier: Apache-2.0
"""The profiles that are shipped, those of the site, and their files: finding, reading, copying, signing.

Shipped ones lie in this folder; a site keeps its own in `profiles` below the folder of the sessions. A name means the
site's before the shipped one; something with a slash or an ending of `.toml` is a file.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ..errors import CheckFailed, UsageError
from ..given_files import read_at_most
from ..session.profile import Profile
from ..session.profile_read import parse_profile
from ..session.profile_sign import Signed, approval_text, content_hash, sign, state
from ..toml_places import TEXT_MAX, TomlError, read_document

SHIPPED: Final = Path(__file__).resolve().parent
BY_MAX: Final = 120
_BYTES_MAX: Final = 4 * TEXT_MAX


@dataclass(frozen=True)
class Found:
    """A profile's file; `origin` is `shipped`, `site` or `file`."""

    name: str
    path: Path
    origin: str


def site_folder() -> Path:
    """Where a site keeps its profiles."""
    from ..record.folder import default_folder

    return default_folder() / "profiles"


def found() -> list[Found]:
    """All profiles that have a name here, the site's first."""
    both = (("site", site_folder()), ("shipped", SHIPPED))
    return [Found(p.stem, p, origin) for origin, folder in both for p in sorted(folder.glob("*.toml"))]


def find(name: str) -> Found:
    """The profile that `name` means: a name, or a file. Raises UsageError where there is none."""
    if name.endswith(".toml") or "/" in name or os.sep in name:
        path = Path(name)
        if path.is_file() and path.resolve().parent == SHIPPED:
            return Found(path.stem, path, "shipped")
        return Found(path.stem, path, "file")
    known = found()
    for one in known:
        if one.name == name:
            return one
    names = list(dict.fromkeys(one.name for one in known))
    near = difflib.get_close_matches(name[:40], names, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"there is no profile {name[:60]!r}", f"{hint}there are {', '.join(names)}; a file's name ends in .toml"
    )


def read_text(path: Path, what: str = "a profile") -> str:
    """The text of a file, without a byte-order mark. Raises UsageError; never waits, never reads on and on."""
    hint = f"give {what}: a TOML file"
    data = read_at_most(path, hint, _BYTES_MAX)
    if len(data) > _BYTES_MAX:
        raise TomlError(str(path), 0, 0, f"too large for {what} (over {TEXT_MAX // 1024} kB)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        said = "this is UTF-16, not UTF-8 text" if utf16 else f"not UTF-8 text (byte 0x{data[error.start]:02x})"
        raise TomlError(str(path), line, column, said, "save it as UTF-8") from None


def load(one: Found) -> Profile:
    """Reads a profile. Raises UsageError."""
    return parse_profile(read_text(one.path), one.path.name if one.origin == "shipped" else str(one.path))


def copy(one: Found, target: Path) -> None:
    """Copies a profile's text to a new file; never over one that is there. Raises UsageError."""
    text = read_text(one.path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{target} is there already and is not written over", "give another name") from None
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror or error}", "give a file that can be written") from None


def sign_file(one: Found, by: str, utc: datetime) -> Profile:
    """Puts a signature to a profile's file, in place of an earlier one; returns what is in the file now.

    Raises CheckFailed where the profile cannot be signed, UsageError where the file or the name cannot be used.
    """
    by = by.strip()
    if not by or len(by) > BY_MAX or not by.isprintable():
        raise UsageError("--by: the name of who signs, on one line of at most 120 characters")
    if one.origin == "shipped":
        raise CheckFailed(
            f"{one.name} is shipped as a starting point and is not signed itself",
            f"vitalwire profile copy {one.name}, review the copy, and sign that",
        )
    text = read_text(one.path)
    where = str(one.path)
    profile = parse_profile(text, where)
    if profile.only_limits:
        raise CheckFailed(
            f"{where}: a limits file has no name and no version to sign", "put its [limits] into a copy of a profile"
        )
    signed_text = with_approval(text, where, approval_text(sign(profile, by, utc)))
    signed = parse_profile(signed_text, where)
    if state(signed) is not Signed.SIGNED or content_hash(signed) != content_hash(replace(profile, approval=None)):
        raise CheckFailed(f"{where}: could not be signed", "write every section as [section] and try again")
    _replace(one.path.resolve(), signed_text)
    return signed


def with_approval(text: str, where: str, section: str) -> str:
    """The text with `section` at its end, and without the `[approval]` that it had. Everything else stays as it was."""
    newline = "\r\n" if "\r\n" in text else "\n"
    document = read_document(text, where, "a profile")
    plain = document.places.text
    if "approval" in document.data:
        span = document.places.sections.get(("approval",))
        if span is None:
            raise document.error(("approval",), "approval is not written as a section", "take it out and sign again")
        end = plain.find("\n", span[1])
        plain = plain[: span[0]] + (plain[end + 1 :] if end >= 0 else "")
    plain = plain.rstrip("\n") + "\n\n" + section
    return plain.replace("\n", newline)


def _replace(path: Path, text: str) -> None:
    """Replaces a file as a whole: whoever reads it finds the old or the new one."""
    fresh = ""
    try:
        number, fresh = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, fresh)
        Path(fresh).replace(path)
    except OSError as error:
        if fresh:
            with contextlib.suppress(OSError):
                Path(fresh).unlink()
        raise UsageError(f"{path}: {error.strerror or error}", "the file is as it was") from None


__all__ = ["BY_MAX", "SHIPPED", "Found", "copy", "find", "found", "load", "read_text", "sign_file", "site_folder"]
