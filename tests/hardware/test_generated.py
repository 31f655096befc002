# SPDX-License-Identifier: Apache-2.0
"""Everything that is written from the tables is current, agrees with them, and a change is noticed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from generate import __main__ as generate
from generate import pins, wiring
from generate.tables import BOARDS, HARDWARE, headers, netlist, signals

DOCS = HARDWARE / "docs"


def test_everything_generated_is_current() -> None:
    assert generate.stale() == []


def test_check_says_which_file_is_not_current(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main(["--check"]) == 0
    changed = [s._replace(gpio=s.gpio | {"pico": 22}) if s.name == "buzzer" else s for s in signals()]
    monkeypatch.setattr(pins, "signals", lambda: changed)
    assert generate.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "firmware/vitals/boards/pico.py" in said
    assert "hardware/README.md" in said
    assert "esp32s3.py" not in said


def test_a_harmful_pin_that_moves_is_noticed_in_boot_py(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [s._replace(gpio=s.gpio | {"pico": 22}) if s.name == "pump_enable" else s for s in signals()]
    monkeypatch.setattr(pins, "signals", lambda: changed)
    assert '"RP2040": (22, 10, 12, 13, 15),' in pins.outputs()["firmware/boot.py"]


def test_the_pump_s_enable_is_the_first_that_boot_py_switches_off() -> None:
    first = min((s for s in signals() if s.boot_order is not None), key=lambda s: s.boot_order or 0)
    assert first.name == "pump_enable"


def test_every_signal_of_the_pinout_is_a_net_that_reaches_the_board_and_something_else() -> None:
    nets = netlist()
    for signal in signals():
        refs = {pin.ref for pin in nets[signal.name]}
        assert "U1" in refs, signal.name
        assert refs - {"U1"}, signal.name


def test_every_board_has_a_header_pin_for_every_signal_and_none_for_two() -> None:
    head = headers()
    for board in BOARDS:
        used = [head[board, str(signal.gpio[board])] for signal in signals()]
        used += [head[board, name] for name in ("VSYS", "GND", "3V3")]
        assert len(set(used)) == len(used), board


def test_a_pico_header_pin_is_where_its_gpio_is() -> None:
    """On the Pico every fifth pin is ground, and GP0 is pin 1: GPIO 0-15 on the left side, 16-22 on the right."""
    for (board, gpio), pin in headers().items():
        if board.startswith("pico") and gpio.isdigit() and int(gpio) <= 22:
            number = int(gpio)
            expected = number + 1 + (number + 2) // 4 if number < 16 else 21 + (number - 16) + (number - 14) // 4
            assert int(pin) == expected, gpio


@pytest.mark.parametrize("board", BOARDS)
def test_the_wiring_diagram_shows_every_signal_with_its_pins(board: str) -> None:
    words = wiring.drawing(board, signals()).svg()
    for signal in signals():
        assert f">{signal.name}<" in words
        assert f">GPIO {signal.gpio[board]}<" in words
        for pin in netlist()[signal.name]:
            if pin.ref != "U1":
                assert f"{pin.ref}.{pin.number} ({pin.name})" in words


def test_drawings_are_well_formed_and_nothing_lies_outside_them() -> None:
    drawings = sorted((DOCS / "pictures").glob("*.svg"))
    assert len(drawings) == len(BOARDS) + 10 + 1 + 6
    for path in drawings:
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for item in root.iter():
            if item.tag.endswith("}text"):
                assert 0 < float(item.attrib["x"]) < width, path.name
                assert 0 < float(item.attrib["y"]) < height, path.name
            elif item.tag.endswith("}rect") and "x" in item.attrib:
                assert float(item.attrib["y"]) + float(item.attrib["height"]) <= height, path.name


def links(path: Path) -> list[str]:
    found = re.findall(r"\]\(([^)#]+?)\)", path.read_text(encoding="utf-8"))
    return [link for link in found if "://" not in link]


@pytest.mark.parametrize("path", [HARDWARE / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda p: p.name)
def test_documents_link_to_what_exists(path: Path) -> None:
    assert [link for link in links(path) if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["safety.md", "assembly.md", "risks.md", "parts.md"])
def test_documents_say_plainly_that_it_is_not_certified(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8").lower()
    assert "not a certified medical device" in text or "not a medical device" in text
