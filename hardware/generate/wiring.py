# SPDX-License-Identifier: Apache-2.0
"""The wiring diagram of each board: header pin, signal, and every part pin of the netlist that the wire goes to."""

from __future__ import annotations

from generate.svg import INK, Drawing
from generate.tables import BOARDS, Signal, ends, headers, netlist, signals

ROW = 34
GROUPS = (
    ("Finger clip (patient cable)", "#2e8b57", ("oximeter_sda", "oximeter_scl")),
    ("Cuff sensor", "#0b6bcb", ("cuff_sda", "cuff_scl")),
    ("Pump and valves", "#c0392b", ("pump_pwm", "pump_enable", "valve_bleed", "valve_dump")),
    ("External layer", "#8e44ad", ("external_ok", "external_test")),
    ("Lights, sounder, buttons", "#b7791f", ("led_red", "led_yellow", "buzzer", "button_a", "button_b")),
    ("Analogue", "#00838f", ("guard_adc", "supply_adc")),
    ("Supply", INK, ("VSYS", "GND", "3V3")),
)


def drawing(board: str, all_signals: list[Signal]) -> Drawing:
    named = {signal.name: signal for signal in all_signals}
    if missing := set(named) - {name for _, _, names in GROUPS for name in names}:
        raise ValueError(f"the wiring diagram has no group for {', '.join(sorted(missing))}")
    nets, head = netlist(), headers()
    height = 120 + sum(ROW * len(names) + 34 for _, _, names in GROUPS)
    d = Drawing(1040, height, f"Wiring of the {BOARDS[board]}")
    d.text(24, 34, f"Wiring: {BOARDS[board]}", 20, bold=True)
    d.text(
        24,
        56,
        "left: pin of the board's header - middle: net - right: part.pin (name) as in circuit/netlist.txt",
        12,
    )
    d.box(24, 72, 210, height - 90)
    d.text(129, 94, f"U1 {BOARDS[board]}", 13, bold=True, at="middle")
    y = 106
    for title, colour, names in GROUPS:
        d.box(400, y - 2, 616, ROW * len(names) + 24)
        d.text(412, y + 16, title, 13, colour, bold=True)
        for name in names:
            y += ROW
            gpio = "" if name not in named else f"GPIO {named[name].gpio[board]}"
            key = name if name not in named else str(named[name].gpio[board])
            d.text(36, y + 4, gpio or name, 12)
            d.text(224, y + 4, f"pin {head[board, key]}", 12, at="end")
            d.line([(234, y), (400, y)], colour, 2.5)
            d.text(317, y - 5, name, 12, colour, at="middle")
            goes = [f"{pin.ref}.{pin.number} ({pin.name})" for pin in ends(name, nets)]
            shown = ", ".join(goes) if len(goes) <= 8 else f"{len(goes)} pins: the common ground of all parts"
            d.text(412, y + 4, shown, 11)
        y += 34
    return d


def outputs() -> dict[str, str]:
    all_signals = signals()
    return {f"hardware/docs/pictures/wiring-{board}.svg": drawing(board, all_signals).svg() for board in BOARDS}
