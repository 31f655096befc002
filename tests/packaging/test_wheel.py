# SPDX-License-Identifier: Apache-2.0
"""What is installed, not the checkout: the wheel in a clean environment runs a simulated board."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*command: str | Path, cwd: Path, **more: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (found,) = folder.glob("vitalwire-*.whl")
    return found


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    run(programs / "python", "-m", "pip", "install", "--quiet", f"{wheel}[sim]", cwd=folder)
    return programs


def test_the_wheel_carries_the_board_and_the_licences_and_no_leftovers(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "vitalwire/py.typed",
        "vitalwire_protocol/py.typed",
        "vitalwire/_board/firmware/main.py",
        "vitalwire/_board/firmware/vitals/link/wire.py",
        "vitalwire/_board/hardware/twin/run.py",
        "vitalwire/_board/hardware/pinout.csv",
        "vitalwire/sinks/web_page.html",
        "vitalwire/profiles/esketamine-nasal.toml",
        "vitalwire/profiles/general.toml",
        "vitalwire/profiles/ketamine-im.toml",
        "vitalwire/profiles/ketamine-iv.toml",
        "vitalwire/profiles/ketamine-sublingual-home.toml",
    ):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("CERN-OHL-P-2.0.txt") for name in names)
    assert [name for name in names if name.endswith((".pyc", ".mpy"))] == []
    assert [name for name in names if name.startswith("tests/")] == []


def test_the_installed_program_guards_a_simulated_session(clean: Path, tmp_path: Path) -> None:
    done = run(
        clean / "vitalwire",
        *("monitor", "sim://?patient=calm&seed=1&speed=max", "--minutes", "1", "--every", "2", "--plain"),
        *("--out", tmp_path),
        cwd=tmp_path,
    )
    assert "MicroPython" in done.stderr + done.stdout
    (vitals,) = tmp_path.rglob("vitals.csv")
    with vitals.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert [row for row in rows if row["source"] == "oximeter" and row["spo2_pct"]]
    again = run(clean / "vitalwire", "recompute", tmp_path, "--json", cwd=tmp_path)
    assert [json.loads(line)["verdict"] for line in again.stdout.splitlines()] == ["equal"]


def test_the_installed_program_does_without_construct(clean: Path, tmp_path: Path) -> None:
    done = subprocess.run([clean / "python", "-c", "import construct"], cwd=tmp_path, capture_output=True, text=True)
    assert "ModuleNotFoundError" in done.stderr


def test_the_installed_program_streams_without_any_library_of_a_sink_and_says_what_each_needs(
    clean: Path, tmp_path: Path
) -> None:
    listed = run(clean / "vitalwire", "stream", "--list", "--json", cwd=tmp_path)
    kinds = {kind["name"]: kind for kind in map(json.loads, listed.stdout.splitlines())}
    assert kinds["files"]["ready"]
    assert (kinds["mqtt"]["ready"], kinds["mqtt"]["install"]) == (False, "pip install 'vitalwire[mqtt]'")
    file = tmp_path / "out.jsonl"
    words = ("stream", "sim://?speed=max", "--minutes", "0.2", "--to", f"jsonl:{file}", "--spool", tmp_path / "spool")
    run(clean / "vitalwire", *words, cwd=tmp_path)
    assert len(file.read_text(encoding="utf-8").splitlines()) >= 10


def test_a_package_of_somebody_else_adds_a_sink_by_its_entry_point(clean: Path, tmp_path: Path) -> None:
    package = tmp_path / "lamp"
    package.mkdir()
    (package / "bedside_lamp.py").write_text(
        "import sys\n"
        "from vitalwire import Sink, SinkKind\n"
        "class Lamp(Sink):\n"
        "    def open(self, origin): print('on', file=sys.stderr)\n"
        "    def deliver(self, batch): print('lamp', len(batch), file=sys.stderr)\n"
        "    def close(self): pass\n"
        "KIND = SinkKind('lamp', ('lamp',), 'A lamp', 'lamp://', lambda url: Lamp(), keeps=False)\n"
    )
    (package / "pyproject.toml").write_text(
        "[build-system]\nrequires=['setuptools']\nbuild-backend='setuptools.build_meta'\n"
        "[project]\nname='bedside-lamp'\nversion='1'\n[tool.setuptools]\npy-modules=['bedside_lamp']\n"
        "[project.entry-points.'vitalwire.sinks']\nlamp='bedside_lamp:KIND'\n"
    )
    run(clean / "python", "-m", "pip", "install", "--quiet", package, cwd=tmp_path)
    done = run(clean / "vitalwire", "stream", "sim://?speed=max", "--minutes", "0.1", "--to", "lamp://", cwd=tmp_path)
    assert "lamp" in done.stderr
    assert "delivered" in done.stderr
