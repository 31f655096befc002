# SPDX-License-Identifier: Apache-2.0
"""What is generated is what is in the tree, and is code like any other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from vitalwire_protocol import codec, framing, generate
from vitalwire_protocol.emit_docs import BEGIN, END, with_tables
from vitalwire_protocol.schema import CRC_BYTES, HEADER_BYTES, MAX_BODY, MAX_BODY_TO_DEVICE, SchemaError

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = generate.outputs(ROOT)
CODE = [str(path) for path in OUTPUTS if path.suffix == ".py"]


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_as_generated(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == OUTPUTS[path], "differs from messages.py; run `make protocol`"


def test_check_writes_nothing_and_names_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, text in OUTPUTS.items():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main(["--check"]) == 0
    stale = tmp_path / "firmware" / "vitals" / "link" / "wire.py"
    stale.write_text("# changed by hand\n", encoding="utf-8")
    assert generate.main(["--check"]) == 1
    assert "wire.py: differs from messages.py; run `make protocol`" in capsys.readouterr().out
    assert stale.read_text(encoding="utf-8") == "# changed by hand\n"
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_a_wrong_argument_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--chekc"]) == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_generated_code_passes_the_linter_and_the_formatter(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", *command, *CODE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", CODE, ids=lambda p: Path(p).name)
def test_generated_code_says_where_it_came_from(path: str) -> None:
    first, second = Path(path).read_text(encoding="utf-8").splitlines()[:2]
    assert first == "# SPDX-License-Identifier: Apache-2.0"
    assert "messages.py" in second
    assert "make protocol" in second


def test_the_document_needs_its_marks() -> None:
    for broken in ("no marks", f"{END} {BEGIN}", f"{BEGIN} {BEGIN} {END}"):
        with pytest.raises(SchemaError, match="marks"):
            with_tables(broken, "tables")


def test_every_relative_link_of_the_document_leads_somewhere() -> None:
    text = (ROOT / "protocol" / "README.md").read_text(encoding="utf-8")
    anchors = set(re.findall(r"^#+ `?([a-z0-9_]+)`?$", text, re.M)) | set(re.findall(r'<a id="([^"]+)"', text))
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target:
            assert (ROOT / "protocol" / target).exists(), target


def test_limits_of_a_body_are_the_same_on_all_sides() -> None:
    wire = (ROOT / "firmware" / "vitals" / "link" / "wire.py").read_text(encoding="utf-8")
    assert framing.MAX_BODY == MAX_BODY
    assert framing.MAX_BODY_TO_DEVICE == MAX_BODY_TO_DEVICE
    assert (framing.HEADER_BYTES, framing.CRC_BYTES) == (HEADER_BYTES, CRC_BYTES)
    assert f"MAX_BODY = const({MAX_BODY})" in wire
    assert f"MAX_RECEIVED = const({MAX_BODY_TO_DEVICE})" in wire
    assert f"SCHEMA_HASH = const(0x{codec.SCHEMA_HASH:08X})" in wire
