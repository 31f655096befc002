# SPDX-License-Identifier: Apache-2.0
"""The structure of the house, held: imports run one way, files stay small, every code file names its licence."""

from __future__ import annotations

import ast
import csv
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
HOST = ROOT / "host" / "vitalwire"
PROTOCOL = ROOT / "protocol" / "vitalwire_protocol"
TWIN = ROOT / "hardware" / "twin"

# Parts of the firmware that decide; they get samples, bytes and the time, never a pin, a bus or a clock.
DECIDING = ("oximetry", "nibp", "alarms", "safety", "link", "store", "service")


def tracked(*suffixes: str) -> list[Path]:
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in out.stdout.splitlines() if line.endswith(suffixes) and (ROOT / line).is_file()]


def imports(path: Path, package: str) -> set[str]:
    """The full names that a file imports, those of relative imports resolved against `package`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            names.add(module)
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def imports_below(folder: Path, root: Path) -> dict[Path, set[str]]:
    return {
        path: imports(path, ".".join(path.relative_to(root).parent.parts))
        for path in sorted(folder.rglob("*.py"))
        if "__pycache__" not in path.parts
    }


def offenders(found: dict[Path, set[str]], *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path, names in found.items()
        for name in sorted(names)
        if any(name == bad or name.startswith(bad + ".") for bad in forbidden)
    ]


def test_protocol_imports_nothing_else_of_ours() -> None:
    assert offenders(imports_below(PROTOCOL, ROOT / "protocol"), "vitalwire", "vitals") == []


def test_installed_code_never_imports_construct() -> None:
    definition = {"fields.py", "messages.py", "schema.py", "generate.py", "reference.py"}
    found = imports_below(PROTOCOL, ROOT / "protocol") | imports_below(HOST, ROOT / "host")
    generator = {p for p in found if p.parent == PROTOCOL and (p.name in definition or p.name.startswith("emit_"))}
    reads_definition = ("construct", *(f"vitalwire_protocol.{p.stem}" for p in generator))
    assert offenders({p: n for p, n in found.items() if p not in generator}, *reads_definition) == []


def test_only_boards_know_the_machine_and_the_time() -> None:
    found = {p: n for p, n in imports_below(FIRMWARE, FIRMWARE).items() if "boards" not in p.parts}
    found.pop(FIRMWARE / "boot.py")
    assert offenders(found, "machine", "time", "utime") == []


@pytest.mark.parametrize("part", DECIDING)
def test_parts_of_the_firmware_that_decide_know_no_pin_and_no_bus(part: str) -> None:
    found = imports_below(FIRMWARE / "vitals" / part, FIRMWARE)
    assert found, f"firmware/vitals/{part} is empty"
    assert offenders(found, "vitals.boards", "vitals.drivers", "vitals.app", "machine") == []


def test_drivers_know_buses_and_nothing_that_decides() -> None:
    found = imports_below(FIRMWARE / "vitals" / "drivers", FIRMWARE)
    above = [f"vitals.{part}" for part in ("app", "boards", "oximetry", "nibp", "alarms", "safety", "store", "service")]
    assert offenders(found, *above) == []


def test_firmware_knows_nothing_of_the_simulator_or_the_host() -> None:
    found = imports_below(FIRMWARE, FIRMWARE)
    assert offenders(found, "vitalwire", "vitalwire_protocol", "world", "chips", "board") == []


def test_twin_knows_the_data_sheets_and_never_the_firmware() -> None:
    starts_it = TWIN / "board" / "firmware.py"
    found = {p: n for p, n in imports_below(TWIN, TWIN).items() if p != starts_it}
    assert offenders(found, "vitals", "main", "boot", "vitalwire", "vitalwire_protocol") == []


def test_link_knows_no_session() -> None:
    above = [f"vitalwire.{part}" for part in ("session", "alarms", "record", "report", "pump", "cli")]
    assert offenders(imports_below(HOST / "link", ROOT / "host"), *above) == []


@pytest.mark.parametrize("part", ["session", "alarms"])
def test_session_and_alarms_know_no_port_and_no_file(part: str) -> None:
    found = imports_below(HOST / part, ROOT / "host")
    assert found
    ports = [f"vitalwire.link.{m}" for m in ("transport", "ports", "board", "sim_process", "urlhandlers")]
    files = ["serial", "os", "io", "pathlib", "socket", "subprocess", "time", "threading", "vitalwire.record"]
    assert offenders(found, *ports, *files, "vitalwire.pump", "vitalwire.cli") == []


def test_record_consumes_events_and_opens_no_port() -> None:
    found = imports_below(HOST / "record", ROOT / "host")
    assert found
    assert offenders(found, "serial", "vitalwire.link.transport", "vitalwire.pump", "vitalwire.cli") == []


def test_what_encodes_items_opens_nothing() -> None:
    found = imports_below(HOST / "encode", ROOT / "host")
    assert found
    opens = (
        "socket",
        "os",
        "io",
        "pathlib",
        "ssl",
        "urllib3",
        "paho",
        "time",
        "threading",
        "serial",
        "vitalwire.record.files",
    )
    assert offenders(found, *opens, "vitalwire.pump", "vitalwire.delivery", "vitalwire.cli") == []


def test_sinks_know_nothing_of_boards_sessions_and_who_feeds_them() -> None:
    found = imports_below(HOST / "sinks", ROOT / "host")
    assert found
    above = (
        "vitalwire.pump",
        "vitalwire.session",
        "vitalwire.link.board",
        "vitalwire.link.transport",
        "vitalwire.delivery",
    )
    assert offenders(found, *above, "serial", "vitalwire.cli") == []


def test_libraries_of_counterparts_and_formats_are_imported_late() -> None:
    late = (
        "paho",
        "pylsl",
        "aiohttp",
        "prometheus_client",
        "urllib3",
        "hl7",
        "pyarrow",
        "pyedflib",
        "wfdb",
        "vitaldb",
        "numpy",
    )
    early = []
    for path in HOST.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            early += [f"{path.relative_to(ROOT)} imports {name}" for name in names if name.split(".")[0] in late]
    # These two are themselves imported late, by the sink that they belong to.
    assert [one for one in early if "mqtt_client" not in one and "web_server" not in one] == []


def test_nothing_imports_the_command_line() -> None:
    found = {p: n for p, n in imports_below(HOST, ROOT / "host").items() if "cli" not in p.parts}
    assert offenders(found, "vitalwire.cli", "click", "rich") == []


def test_one_function_knows_where_the_board_files_are() -> None:
    knows = [
        p.relative_to(ROOT).as_posix()
        for p in HOST.rglob("*.py")
        if '"_board"' in p.read_text(encoding="utf-8") or "/_board" in p.read_text(encoding="utf-8")
    ]
    assert knows == ["host/vitalwire/board_files.py"]


def test_every_code_file_names_its_licence_in_its_first_lines() -> None:
    missing = [
        str(p.relative_to(ROOT))
        for p in tracked(".py", "Makefile", ".ci/run", ".toml", ".pyi")
        if (text := p.read_text(encoding="utf-8")) and "SPDX-License-Identifier:" not in "".join(text.splitlines()[:3])
    ]
    assert missing == []


def test_files_stay_short_enough_to_read() -> None:
    generated = {FIRMWARE / "vitals" / "link" / "wire.py", PROTOCOL / "codec.py", PROTOCOL / "messages.py"}
    long = {
        str(p.relative_to(ROOT)): n
        for p in tracked(".py")
        if p not in generated and (n := len(p.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert long == {}


def test_the_project_names_no_path_of_a_machine() -> None:
    pattern = re.compile(r"/(?:work|root|home/\w+)/|file:///|https?://(?:10|192\.168|172\.)\.")
    bad = [
        f"{p.relative_to(ROOT)}:{i}"
        for p in tracked(".py", ".md", ".toml", ".csv", ".json", "Makefile", "run")
        if p != Path(__file__)
        for i, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert bad == []


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    requirement = re.compile(r'^\s+"[A-Za-z][\w.-]*(?:\[[\w,]+\])?\s*[<>=;~!]')
    unexplained = [
        line
        for before, line in pairwise(lines)
        if requirement.match(line) and "#" not in line.split('"')[-1] and not before.strip().startswith("#")
    ]
    assert unexplained == []


def test_no_two_signals_share_a_pin() -> None:
    with (ROOT / "hardware" / "pinout.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == len({row["signal"] for row in rows})
    for board in ("pico", "pico2", "esp32s3"):
        pins = [row[board] for row in rows]
        assert len(set(pins)) == len(pins), board
