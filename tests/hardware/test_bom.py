# SPDX-License-Identifier: Apache-2.0
"""The bill of materials names every part of the netlist once, in its number and value, and how to buy it."""

from __future__ import annotations

import re
from collections import Counter

from circuit.values import CAPACITORS, RESISTORS, text
from generate.steps import STEPS
from generate.tables import netlist, rows

BASES = {"data sheet", "catalogue", "specification", "order code built from the maker's key"}
BOM = rows("bom.csv")
# Bought, but no part of the circuit; A1, A2, ... hold it together.
ASSEMBLED = {row["references"] for row in BOM if re.fullmatch(r"A\d+", row["references"])}
NOT_WIRED = {"CUFF1", "BT1", "PS1", "PS2", "J2", "IS1", *ASSEMBLED}
# Sold by the piece or the metre.
COUNTED = {"BT1", *ASSEMBLED}


def references() -> list[str]:
    return [ref for row in BOM for ref in row["references"].split()]


def test_every_reference_is_there_once() -> None:
    assert [ref for ref, count in Counter(references()).items() if count > 1] == []


def test_the_parts_are_those_of_the_netlist() -> None:
    wired = {pin.ref for pins in netlist().values() for pin in pins}
    assert set(references()) - NOT_WIRED == wired


def test_quantities_are_the_number_of_references() -> None:
    wrong = [
        r["references"]
        for r in BOM
        if r["references"] not in COUNTED and int(r["quantity"]) != len(r["references"].split())
    ]
    assert wrong == []


def test_values_are_those_that_the_set_points_are_worked_out_with() -> None:
    for row in BOM:
        for ref in row["references"].split():
            if ref in RESISTORS or ref in CAPACITORS:
                assert row["value"] == text(ref), ref


def test_precise_resistors_are_ordered_where_the_set_points_rest_on_them() -> None:
    for row in BOM:
        for ref in row["references"].split():
            if ref in RESISTORS:
                assert ("0.1 %" in row["description"]) == (RESISTORS[ref].tolerance < 0.005), ref


def test_every_row_says_what_to_order_from_whom_and_what_else_will_do() -> None:
    for row in BOM:
        assert all(row[column] for column in ("part_number", "manufacturer", "description", "alternatives")), row
        assert row["basis"] in BASES, row
        if row["manufacturer"] == "any":
            assert row["basis"] == "specification", row


def test_every_small_transistor_has_its_adapter() -> None:
    (adapters,) = [row for row in BOM if row["references"] == "A2"]
    small = [ref for ref in references() if re.fullmatch(r"Q\d+", ref)]
    assert int(adapters["quantity"]) == len(small)


def test_no_data_sheet_is_claimed_for_a_part_without_a_maker() -> None:
    assert [row["references"] for row in BOM if row["manufacturer"] == "any" and row["basis"] == "data sheet"] == []


def test_the_cuff_sensor_has_the_transfer_function_that_the_firmware_reads() -> None:
    """MPR order codes end in the transfer function (and the packing); the driver reads 2.5-22.5 %, which is B."""
    (row,) = [row for row in BOM if row["references"] == "U3"]
    assert row["part_number"].startswith("MPRLS0300YG00001B")


def test_every_part_is_fitted_in_exactly_one_step_of_the_assembly() -> None:
    fitted = Counter(ref for step in STEPS for ref in step.refs.split())
    assert fitted == Counter(references())
