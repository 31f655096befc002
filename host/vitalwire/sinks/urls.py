# SPDX-License-Identifier: Apache-2.0
"""`--to URL`, taken apart: where, as whom, and options behind the `?`, each asked for once and with its type."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from ..errors import UsageError

PASSWORD: Final = "VITALWIRE_SINK_PASSWORD"
"""The environment variable with a password that is to stand in no URL."""
_YES: Final = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


class SinkUrl:
    """A sink's URL. `shown` is the URL without its password: the only form that goes into any message."""

    def __init__(self, text: str) -> None:
        """Raises UsageError where it is no URL."""
        try:
            parts = urlsplit(text)
            self.host, self.port = parts.hostname or "", parts.port
        except ValueError as error:
            raise UsageError(f"--to {_hidden(text)}: {error}", "see `vitalwire stream --list`") from None
        if not parts.scheme:
            raise UsageError(f"--to {_hidden(text)}: no kind of sink is named", "see `vitalwire stream --list`")
        self.scheme = parts.scheme.lower()
        self.path = unquote(parts.path)
        self.user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        self._options = dict(pairs)
        if len(self._options) != len(pairs):
            raise UsageError(f"--to {_hidden(text)}: an option is given twice")
        self.shown = _hidden(text)

    def text(self, name: str, default: str = "") -> str:
        """An option that is text."""
        return self._options.pop(name, default)

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """An option that is a whole number from `low` to `high`. Raises UsageError."""
        said = self._options.pop(name, None)
        if said is None:
            return default
        try:
            value = int(said)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise UsageError(f"--to {self.shown}: {name}={said} is no whole number from {low} to {high}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """An option that is yes or no. Raises UsageError."""
        said = self._options.pop(name, None)
        if said is None:
            return default
        if said.lower() not in _YES:
            raise UsageError(f"--to {self.shown}: {name}={said} is neither yes nor no")
        return _YES[said.lower()]

    def file(self, name: str) -> Path | None:
        """An option that names a file, which must be there. Raises UsageError."""
        said = self._options.pop(name, None)
        if said is None:
            return None
        path = Path(said).expanduser()
        if not path.is_file():
            raise UsageError(f"--to {self.shown}: {name}={said}: there is no such file")
        return path

    def secret(self, name: str = "password") -> str:
        """A password or token: from the URL, from a file that `NAME_file=` names, or from VITALWIRE_SINK_PASSWORD."""
        path = self.file(f"{name}_file")
        if path is not None:
            try:
                return path.read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as error:
                raise UsageError(f"--to {self.shown}: {path} does not read: {error}") from None
        given = self._options.pop(name, "") or (self._password if name == "password" else "")
        return given or os.environ.get(PASSWORD, "")

    def finish(self) -> None:
        """Every option was asked for; one that is left is none of this sink's. Raises UsageError."""
        if self._options:
            names = ", ".join(sorted(self._options))
            raise UsageError(f"--to {self.shown}: no option {names} is known", "see `vitalwire stream --list`")


def _hidden(text: str) -> str:
    """The URL without passwords and tokens."""
    head, mark, query = text.partition("?")
    scheme, slashes, rest = head.partition("://")
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    if at and ":" in user:
        head = f"{scheme}{slashes}{user.partition(':')[0]}:***@{host}{slash}{path}"
    secret = ("password=", "token=", "key=")
    shown = [
        f"{piece.partition('=')[0]}=***" if piece.startswith(secret) else piece for piece in query.split("&") if piece
    ]
    return head + (mark + "&".join(shown) if mark else "")


__all__ = ["PASSWORD", "SinkUrl"]
