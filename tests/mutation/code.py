# SPDX-License-Identifier: Apache-2.0
"""Mutation of the code that judges: alarms and the course of a session, with `mutmut`; how many mutants a test kills.

`mutmut` wants its source in `src/`, so a working copy with that layout is made in a folder of its own, and results of
an earlier run there are used again where the code has not changed.

    make mutation                          profiles and code (tens of minutes)
    python tests/mutation/code.py --only alarms

All that can be changed in the alarms is; in the session, which is large and full of sentences, what decides: numbers
and comparisons. Its sentences are held by other tests.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
from kinds import DECIDES, kinds_below

ROOT: Final = Path(__file__).resolve().parents[2]
WANTED_PCT: Final = 90.0
KILLED: Final = ("killed", "timeout")


@dataclass(frozen=True)
class Part:
    """What is mutated, and which tests are to notice."""

    name: str
    mutate: tuple[str, ...]
    leave: tuple[str, ...]
    tests: tuple[str, ...]
    decides: bool = False
    """Only what decides is mutated."""
    package: str = ""
    """The package that it lies in, where that has another name."""


PROFILES: Final = ("alarm_rules", "profile", "profile_read", "profile_rules", "profile_sign")
"""What reads profiles, in the session's package: nearly every test of a session runs it, and few are about it."""

PARTS: Final = (
    Part("alarms", ("src/vitalwire/alarms/*",), (), ("tests/host/alarms", "tests/host/profiles", "tests/host/session")),
    Part(
        "profiles",
        tuple(f"src/vitalwire/session/{name}.py" for name in PROFILES),
        (),
        (
            "tests/host/profiles",
            "tests/host/session/test_profile_bounds.py",
            "tests/host/session/test_profile_files.py",
            "tests/host/session/test_profile_signing.py",
        ),
        decides=True,
        package="session",
    ),
    Part(
        "session",
        ("src/vitalwire/session/*",),
        ("src/vitalwire/session/*_shown.py", *(f"src/vitalwire/session/{name}.py" for name in PROFILES)),
        (
            "tests/host/session",
            "tests/host/course",
            "tests/host/profiles",
            "tests/host/alarms",
            "tests/host/monitor/test_resume.py",
            "tests/host/monitor/test_pump.py",
            "tests/host/monitor/test_pump_stopped.py",
            "tests/host/monitor/test_profile_used.py",
            "tests/host/live/test_live_parts.py",
            "tests/host/record",
            "tests/host/report",
        ),
        decides=True,
    ),
)
ELSEWHERE: Final = ("tests/host/session/test_profile_files.py::test_the_shipped_profiles_live_where_the_package_is",)
"""They say where files are, and here they are elsewhere."""


def prepare(folder: Path, part: Part) -> None:
    """A copy of what the tests need, laid out as mutmut wants it; what it found out before stays."""
    for name in ("src", "tests", "firmware", "hardware"):
        shutil.rmtree(folder / name, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "host" / "vitalwire", folder / "src" / "vitalwire", ignore=ignore)
    shutil.copytree(ROOT / "protocol" / "vitalwire_protocol", folder / "src" / "vitalwire_protocol", ignore=ignore)
    for name in ("tests", "firmware", "hardware"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder / "whole.toml")
    pytest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    settings = {
        "source_paths": ["src"],
        "only_mutate": list(part.mutate),
        "do_not_mutate": list(part.leave),
        "also_copy": ["firmware", "hardware"],
        "pytest_add_cli_args": [
            "-p",
            "no:xdist",
            "-p",
            "no:cacheprovider",
            *(f"--deselect={t}" for t in ELSEWHERE),
        ],
        "pytest_add_cli_args_test_selection": [path for path in part.tests if (ROOT / path).exists()],
    }
    (folder / "mutants" / "src").mkdir(parents=True, exist_ok=True)  # Python remembers that a folder was not there
    lines = ["[tool.pytest.ini_options]", f"addopts = {json.dumps(pytest['addopts'])}"]
    lines += [f"timeout = {pytest['timeout']}", f"markers = {json.dumps(pytest['markers'])}", "", "[tool.mutmut]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "whole.toml").unlink()


def run(folder: Path, part: Part, children: int) -> dict[str, str]:
    """Runs mutmut; the state of each mutant by its name."""
    mutmut = [sys.executable, "-m", "mutmut"]
    env = {**os.environ, "PYTHONPATH": str(folder / "mutants" / "src")}
    wanted: list[str] = []
    if part.decides:
        # It makes all mutants before it sees that none has this name.
        subprocess.run([*mutmut, "run", "none.of.them"], cwd=folder, env=env, check=False, capture_output=True)
        package = part.package or part.name
        kinds = kinds_below(folder / "mutants" / "src" / "vitalwire" / package, f"vitalwire.{package}")
        wanted = [name for name, kind in kinds.items() if kind in DECIDES]
        print(f"{len(wanted)} of {len(kinds)} mutants change what decides", flush=True)
    command = [*mutmut, "run", "--max-children", str(children), *wanted]
    done = subprocess.run(command, cwd=folder, env=env, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut stopped with exit code {done.returncode}: see what it said above")
    said = subprocess.run(
        [*mutmut, "results", "--all", "true"], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout
    found = dict(re.findall(r"^\s*(\S+): (.+?)\s*$", said, re.MULTILINE))
    return {name: found.get(name, "not run") for name in wanted or found}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[part.name for part in PARTS], action="append")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "mutation")
    parser.add_argument("--children", type=int, default=2, help="so many at a time [2]")
    parser.add_argument("--out", type=Path, help="one JSON object a line: part, module, killed, survived, names")
    given = parser.parse_args()
    good, lines = True, []
    for part in PARTS:
        if given.only and part.name not in given.only:
            continue
        folder = given.folder / part.name
        folder.mkdir(parents=True, exist_ok=True)
        prepare(folder, part)
        found = run(folder, part, given.children)
        modules: dict[str, Counter[str]] = {}
        for name, state in found.items():
            modules.setdefault(name.split(".x")[0], Counter())[
                "killed" if state in ("killed", "timeout") else state
            ] += 1
        total = sum(modules.values(), Counter())
        for module, counts in [*sorted(modules.items()), (f"{part.name} as a whole", total)]:
            share = 100 * counts["killed"] / max(1, sum(counts.values()))
            print(f"{module:48} {counts['killed']:5} of {sum(counts.values()):5} killed  {share:5.1f} %")
            survivors = [n for n, s in found.items() if n.startswith(module + ".") and s not in ("killed", "timeout")]
            lines.append(
                {"part": part.name, "module": module, **counts, "killed_pct": round(share, 1), "left": survivors}
            )
        good &= 100 * total["killed"] >= WANTED_PCT * sum(total.values())
    if given.out:
        given.out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
