# SPDX-License-Identifier: Apache-2.0
"""Mutation of the shipped profiles: every limit, delay, interval, comparison and priority by one step.

Each changed profile is played through the scenarios of `tests/host/profiles` in this process. A mutant that no scenario
notices is printed with its line. A change that the profile's own validation refuses is counted apart.

    python tests/mutation/profiles.py [--profile NAME ...] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "host" / "profiles"))

from vitalwire.errors import VitalwireError  # noqa: E402
from vitalwire.profiles import SHIPPED  # noqa: E402
from vitalwire.session.profile_read import parse_profile  # noqa: E402

WANTED_PCT: Final = 90.0
# What says who and why, and decides nothing.
_TALK: Final = ("profile", "sources", "approval", "side_effects", "series")
_SECTION: Final = re.compile(r"^\[([^\]]+)\]")
_STRING: Final = re.compile(r'"[^"]*"')
_NUMBER: Final = re.compile(r"(?<![\w.\"-])\d+(?:\.\d+)?(?![\w.\"-])")
_OTHER_WORD: Final = {
    "low": ("medium",), "medium": ("low", "high"), "high": ("medium",),
    "hold": ("stop",), "stop": ("hold",),
    "dose": ("dosing_end", "phase"), "dosing_end": ("dose",),
}  # fmt: skip
_WORD_KEYS: Final = ("priority", "advice", "since")
_COMPARISONS: Final = {"above": "at_least", "at_least": "above", "below": "at_most", "at_most": "below"}
_LISTS: Final = ("phases", "fields", "latching", "at_min")


@dataclass(frozen=True)
class Mutant:
    """One change of a profile's text; `line` counts from 1."""

    line: int
    what: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Every one-step change of a profile."""
    lines = text.splitlines()
    section = ""
    for at, line in enumerate(lines):
        found = _SECTION.match(line)
        section = found[1] if found else section
        if found or section.split(".")[0] in _TALK:
            continue
        for what, changed in _changes(line):
            yield Mutant(at + 1, f"[{section}] {what}", "\n".join([*lines[:at], changed, *lines[at + 1 :]]) + "\n")


def _changes(line: str) -> Iterator[tuple[str, str]]:
    code = _code(line)
    for found in _NUMBER.finditer(code):
        for step in (-1, 1):
            changed = f"{float(found[0]) + step:g}"
            yield f"{code.strip()}: {found[0]} -> {changed}", line[: found.start()] + changed + line[found.end() :]
    for key in _WORD_KEYS:
        for found in re.finditer(rf'\b{key} = "(\w+)"', line[: len(code)]):
            for word in _OTHER_WORD.get(found[1], ()):
                yield f"{key}: {found[1]} -> {word}", line[: found.start(1)] + word + line[found.end(1) :]
    for key, other in _COMPARISONS.items():
        for found in re.finditer(rf"\b{key}(?= = \d)", code):
            yield f"{key} -> {other}", line[: found.start()] + other + line[found.end() :]
    for found in re.finditer(r"\b(on_room_air) = (true)", code):
        yield f"{found[1]}: true -> false", line[: found.start(2)] + "false" + line[found.end(2) :]
    for found in re.finditer(rf"\b({'|'.join(_LISTS)}) = \[([^\]]+)\]", line[: len(code)]):
        items = [item.strip() for item in found[2].split(",")]
        for n, item in enumerate(items):
            rest = ", ".join(items[:n] + items[n + 1 :])
            yield f"{found[1]} without {item}", line[: found.start(2)] + rest + line[found.end(2) :]


def _code(line: str) -> str:
    """A line without its comment, its texts blanked, every column where it was."""
    blanked = _STRING.sub(lambda found: '"' + "_" * (len(found[0]) - 2) + '"', line)
    return blanked.split("#")[0]


def main() -> int:
    from profile_scenarios import failures

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", action="append", help="only this one")
    parser.add_argument("--out", type=Path, help="one JSON object a line")
    given = parser.parse_args()
    lines, killed_all, judged_all = [], 0, 0
    for path in sorted(SHIPPED.glob("*.toml")):
        if given.profile and path.stem not in given.profile:
            continue
        killed, refused, left = 0, 0, []
        for mutant in mutants(path.read_text(encoding="utf-8")):
            try:
                profile = parse_profile(mutant.text, path.name)
            except VitalwireError:
                refused += 1
                continue
            if next(failures(path.stem, profile), None) is not None:
                killed += 1
            else:
                left.append(f"{path.name}:{mutant.line}: {mutant.what}")
        judged = killed + len(left)
        killed_all, judged_all = killed_all + killed, judged_all + judged
        share = 100 * killed / max(1, judged)
        print(f"{path.stem:28} {killed:4} of {judged:4} killed  {share:5.1f} %   {refused} refused by the validation")
        for name in left:
            print(f"    not noticed: {name}")
        lines.append({"profile": path.stem, "killed": killed, "of": judged, "refused": refused, "left": left})
    print(f"{'all':28} {killed_all:4} of {judged_all:4} killed  {100 * killed_all / max(1, judged_all):5.1f} %")
    if given.out:
        given.out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return 0 if 100 * killed_all >= WANTED_PCT * judged_all else 1


if __name__ == "__main__":
    sys.exit(main())
