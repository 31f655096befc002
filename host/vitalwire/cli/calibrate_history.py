# SPDX-License-Identifier: Apache-2.0
"""`vitalwire calibrate history`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from ..errors import UsageError
from .calibrate_common import check_plot, plot_option, write_plot
from .common import json_option, print_json, say


@click.command(short_help="What was calibrated when, and how it drifts.")
@click.argument("serial", required=False, metavar="[SERIAL]")
@click.option("--store", type=click.Path(path_type=Path), metavar="DIR", help="[~/Vitalwire/calibrations]")
@plot_option
@json_option
def history(serial: str | None, store: Path | None, plot: Path | None, as_json: bool) -> None:
    """List the calibrations and checks of all boards, or of one, oldest first.

    `found` is the largest error before, `left` the one after; how far `found` is from the `left` of the time before is
    the drift. SERIAL is a board's serial number. --plot draws one board's errors over time. Files that do not read are
    named, and do not hide the others.

    \b
    Examples:
      vitalwire calibrate history
      vitalwire calibrate history E6614 --plot drift.png
    """
    from ..service.calibrate.store import default_folder
    from ..service.calibrate.store import history as records_of

    check_plot(plot)
    folder = store or default_folder()
    records, damaged = records_of(folder, serial)
    for one in damaged:
        say(f"damaged: {one.path}: {one.why}")
    if as_json:
        for record in records:
            print_json(record)
    elif records:
        for line in table(records, date.today()):
            click.echo(line)
    else:
        say(f"there is no calibration {f'of {serial} ' if serial else ''}in {folder}")
    if plot is not None:
        _draw(plot, records)


def table(records: list[dict[str, Any]], today: date) -> list[str]:
    """One line each, at most 80 columns for usual names; what is overdue below them."""
    heads = ("date", "board", "what", "result", "found", "left", "drift", "due", "by")
    rows: list[tuple[str, ...]] = [heads]
    late: list[str] = []
    left_before: dict[tuple[str, str], float] = {}
    for record in records:
        key = (record["serial"], record["kind"])
        found, left = _worst(record, "found"), _worst(record, "left")
        before = left_before.get(key)
        drift = None if found is None or before is None else found - before
        if left is not None and record["result"] == "adjusted":
            left_before[key] = left
        due = record.get("due") or "-"
        mark = " SIM" if record.get("simulated") and not record["serial"].startswith("SIM") else ""
        rows.append(
            (
                record["date"], record["serial"] + mark, record["kind"], record["result"], _signed(found, record),
                _signed(left, record), _signed(drift, record), due, record["by"],
            )
        )  # fmt: skip
        if due != "-" and due < today.isoformat() and record is _last(records, key):
            late.append(f"OVERDUE: {record['serial']} {record['kind']} since {due}")
    widths = [max(len(row[n]) for row in rows) for n in range(len(heads))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows] + late


def _last(records: list[dict[str, Any]], key: tuple[str, str]) -> dict[str, Any] | None:
    adjusted = [r for r in records if (r["serial"], r["kind"]) == key and r["result"] == "adjusted"]
    return adjusted[-1] if adjusted else None


def _worst(record: dict[str, Any], when: str) -> float | None:
    """The largest error as found or as left, with its sign."""
    values = []
    for point in record["points"]:
        value = point.get(f"as_{when}_mmhg") if record["kind"] == "pressure" else point.get(f"as_{when}_pct")
        value = value.get("cuff") if isinstance(value, dict) else value
        if isinstance(value, int | float):
            values.append(float(value))
    return max(values, key=abs, default=None)


def _signed(value: float | None, record: dict[str, Any]) -> str:
    return "-" if value is None else f"{value:+.1f}" + ("" if record["kind"] == "pressure" else " %")


def _draw(plot: Path, records: list[dict[str, Any]]) -> None:
    from ..report.calibration_plot import drift, format_of

    pressure = [record for record in records if record["kind"] == "pressure"]
    serials = sorted({record["serial"] for record in pressure})
    if len(serials) != 1:
        named = ", ".join(serials[:5]) or "none"
        raise UsageError(f"a picture shows one board's pressure, and here are {named}", "give a SERIAL of them")
    for record in pressure:
        datetime.fromisoformat(str(record["done_utc"]))
    write_plot(plot, drift(pressure, format_of(plot)))


__all__ = ["history", "table"]
