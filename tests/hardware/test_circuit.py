# SPDX-License-Identifier: Apache-2.0
"""The circuit keeps the electrical rules, each rule notices what breaks it, and the netlist in the repository is it."""

from __future__ import annotations

from typing import Any

import pytest

from circuit import erc
from generate.tables import HARDWARE

pytestmark = pytest.mark.slow


def move(sheet: Any, ref: str, pin: str, net: str) -> None:
    """Solders one pin to another net."""
    (end,) = [p for p in sheet.parts[ref].pins if p.name == pin]
    end.disconnect()
    sheet.net(net).connect(end)


def cut(sheet: Any, ref: str, pin: str) -> None:
    (end,) = [p for p in sheet.parts[ref].pins if p.name == pin]
    end.disconnect()


def test_the_circuit_breaks_no_rule(sheet: Any) -> None:
    assert erc.check(sheet) == []


def test_the_netlist_in_the_repository_is_that_of_the_circuit(sheet: Any) -> None:
    assert (HARDWARE / "circuit" / "netlist.txt").read_text(encoding="utf-8") == erc.netlist_text(sheet)


def test_a_broken_net_is_found(sheet: Any) -> None:
    """The wire from the comparators to the gate is off: skidl must say that an input hangs in the air."""
    cut(sheet, "U9", "1A")
    assert any("skidl" in line and "U9" in line for line in erc.check(sheet))


def test_two_outputs_on_one_net_are_found(sheet: Any) -> None:
    move(sheet, "U9", "2Y", "FAULT_N")
    assert any("skidl" in line and "conflict" in line.lower() for line in erc.check(sheet))


def test_a_sensor_without_its_supply_is_found(sheet: Any) -> None:
    cut(sheet, "U4", "VS")
    assert any("skidl" in line and "U4" in line for line in erc.check(sheet))


@pytest.mark.parametrize(
    ("ref", "signal"),
    [("R32", "pump_pwm"), ("R35", "pump_enable"), ("R33", "valve_bleed"), ("R34", "valve_dump"), ("R28", "PUMP_ON")],
)
def test_a_missing_pull_down_is_found(sheet: Any, ref: str, signal: str) -> None:
    cut(sheet, ref, "B")
    assert any(line.startswith(f"{signal} has no pull-down") for line in erc.check(sheet))


@pytest.mark.parametrize("net", ["PUMP_ON", "FAULT_N", "REF_HIGH", "GUARD_CMP"])
def test_an_output_of_the_microcontroller_in_the_external_layer_is_found(sheet: Any, net: str) -> None:
    move(sheet, "U1", "led_red", net)
    assert f"net {net} of the external layer reaches the microcontroller" in erc.check(sheet)


def test_pump_and_valves_hang_between_two_switches(sheet: Any) -> None:
    assert erc.power_findings(erc.nets_of(sheet)) == []
    move(sheet, "V2", "P", "VBAT")
    assert "V2 does not hang between Q4 and Q7" in erc.check(sheet)


def test_a_missing_diode_is_found(sheet: Any) -> None:
    cut(sheet, "D1", "K")
    assert "M1 has no diode D1 across it" in erc.check(sheet)


def test_finger_clip_and_cuff_sensor_share_neither_bus_nor_supply(sheet: Any) -> None:
    nets = erc.nets_of(sheet)
    assert erc.nets_with(nets, "U2") & erc.nets_with(nets, "U3") == {"GND"}
    for name in ("sda", "scl"):
        assert "U2." + name.upper() in nets[f"oximeter_{name}"]
        assert "U3." + name.upper() in nets[f"cuff_{name}"]
    move(sheet, "U2", "VIN", "3V3")
    assert "finger clip and cuff sensor share 3V3" in erc.check(sheet)


def test_the_command_ends_with_1_for_a_broken_circuit(
    sheet: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import circuit.board

    cut(sheet, "U9", "1A")
    monkeypatch.setattr(circuit.board, "build", lambda: sheet)
    assert erc.main([]) == 1
    assert "U9" in capsys.readouterr().out
