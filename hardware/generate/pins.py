# SPDX-License-Identifier: Apache-2.0
"""The pins as the firmware and the README carry them."""

from __future__ import annotations

import re

from generate.tables import BOARDS, CHIPS, ROOT, Signal, headers, signals

# Board files that hold a table of their own; the Pico 2 takes that of the Pico.
BOARD_FILES = {"pico": "pico", "esp32s3": "esp32s3"}
WRITTEN = "# Written by `make hardware` from hardware/pinout.csv."


def pin_table(board: str, all_signals: list[Signal]) -> str:
    lines = [f'    "{signal.name}": {signal.gpio[board]},' for signal in all_signals]
    return "\n".join(["PINS = {", *lines, "}"])


def boot_table(all_signals: list[Signal]) -> str:
    harmful = sorted((s for s in all_signals if s.boot_order is not None), key=lambda s: s.boot_order or 0)
    lines = [f'    "{CHIPS[board]}": ({", ".join(str(s.gpio[board]) for s in harmful)}),' for board in BOARDS]
    names = ", ".join(signal.name for signal in harmful)
    return "\n".join([f"# {names}.", "SAFE_LOW = {", *lines, "}"])


def replaced(text: str, pattern: str, new: str, where: str) -> str:
    """`text` with the one match of `pattern` (and the note above it) replaced. Raises ValueError if it is not one."""
    changed, count = re.subn(rf"(?:{re.escape(WRITTEN)}\n)?{pattern}", lambda _: f"{WRITTEN}\n{new}", text)
    if count != 1:
        raise ValueError(f"{where} holds its table {count} times; it must be there once")
    return changed


def header_pin(board: str, signal: Signal, head: dict[tuple[str, str], str]) -> str:
    """Raises ValueError for a GPIO that headers.csv does not know."""
    pin = head.get((board, str(signal.gpio[board])))
    if pin is None:
        raise ValueError(
            f"GPIO {signal.gpio[board]} of {board} ({signal.name}) is not in headers.csv; add its header pin"
        )
    return pin


def readme_table(all_signals: list[Signal]) -> str:
    head = headers()
    lines = [
        "| signal | what | " + " | ".join(BOARDS.values()) + " | safe |",
        "|---|---|" + "---|" * len(BOARDS) + "---|",
    ]
    for signal in all_signals:
        cells = [f"GPIO {signal.gpio[b]} (pin {header_pin(b, signal, head)})" for b in BOARDS]
        safe = "low" if signal.direction == "out" else ""
        lines.append(f"| `{signal.name}` | {signal.notes} | {' | '.join(cells)} | {safe} |")
    for name, what in (("VSYS", "5 V through D8"), ("GND", "ground"), ("3V3", "3.3 V from the board to U3")):
        lines.append(f"| {name} | {what} | " + " | ".join(f"pin {head[b, name]}" for b in BOARDS) + " | |")
    return "\n".join(lines)


def between(text: str, name: str, new: str) -> str:
    """`text` with what stands between `<!-- name -->` and `<!-- end of name -->` replaced."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    changed, count = re.subn(pattern, lambda m: m.group(1) + new + "\n" + m.group(2), text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the marks of '{name}' are there {count} times; they must be there once")
    return changed


def outputs() -> dict[str, str]:
    """{path: text} of the files that carry pins."""
    all_signals = signals()
    found = {}
    for board, name in BOARD_FILES.items():
        path = f"firmware/vitals/boards/{name}.py"
        text = (ROOT / path).read_text(encoding="utf-8")
        found[path] = replaced(text, r"PINS = \{\n[^}]*\}", pin_table(board, all_signals), path)
    path = "firmware/boot.py"
    text = (ROOT / path).read_text(encoding="utf-8")
    found[path] = replaced(text, r"# pump_enable, [^\n]*\nSAFE_LOW = \{\n[^}]*\}", boot_table(all_signals), path)
    path = "hardware/README.md"
    text = (ROOT / path).read_text(encoding="utf-8")
    found[path] = between(text, "pins", readme_table(all_signals))
    return found
