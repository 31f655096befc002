# SPDX-License-Identifier: Apache-2.0
"""Writes everything that follows from messages.py; `--check` only says what differs.

    python -m vitalwire_protocol.generate [--check]

It works on the checkout that this file is in. Vectors of released minor versions are kept as they are; only those of
the current minor are written.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import messages
from .emit_codec import emit_codec
from .emit_docs import emit_tables, with_tables
from .emit_vectors import emit_vectors
from .emit_wire import emit_wire, emit_wire_service
from .schema import Schema, SchemaError, read_schema

ROOT = Path(__file__).resolve().parents[2]


def current_schema() -> Schema:
    """The schema of messages.py. Raises SchemaError."""
    return read_schema(messages.MESSAGES, messages.VERSION_MAJOR, messages.VERSION_MINOR, messages.ANSWERS)


def outputs(root: Path) -> dict[Path, str]:
    """Path and full text of every generated file, with `protocol/README.md` as it should be. Raises SchemaError."""
    schema = current_schema()
    readme = root / "protocol" / "README.md"
    return {
        root / "protocol" / "vitalwire_protocol" / "codec.py": emit_codec(schema),
        root / "firmware" / "vitals" / "link" / "wire.py": emit_wire(schema),
        root / "firmware" / "vitals" / "link" / "wire_service.py": emit_wire_service(schema),
        readme: with_tables(readme.read_text(encoding="utf-8"), emit_tables(schema)),
        root / "protocol" / "vectors" / f"v{schema.major}.{schema.minor}.json": emit_vectors(schema),
    }


def main(arguments: list[str]) -> int:
    """The command. Returns 0, 1 where `--check` found a difference, 2 for a wrong argument or schema."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m vitalwire_protocol.generate [--check]", file=sys.stderr)
        return 2
    try:
        wanted = outputs(ROOT)
    except (SchemaError, OSError) as error:
        print(f"protocol: {error}", file=sys.stderr)
        return 2
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    for path in stale:
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8", newline="\n")
        verb = "differs from messages.py; run `make protocol`" if arguments else "written"
        print(f"{path.relative_to(ROOT)}: {verb}")
    return 1 if stale and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
