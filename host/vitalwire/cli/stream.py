# SPDX-License-Identifier: Apache-2.0
"""`vitalwire stream`."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from vitalwire_protocol.codec import ConfigKey, Ppg

from ..link.board import Board
from ..link.commands import ConfigGet, ConfigSet
from ..link.events import Received
from ..link.opening import open_board
from ..link.readings import event_of, iso_utc, reading_of
from ..link.words import as_words
from .common import Minutes, port_argument, say_what_runs, terminable

COLUMNS: Final = (
    "time_utc",
    "device_ms",
    "boot",
    "seq",
    "type",
    "source",
    "spo2_pct",
    "pulse_bpm",
    "perfusion_pct",
    "quality",
    "sbp_mmhg",
    "map_mmhg",
    "dbp_mmhg",
    "reason",
    "flags",
    "kind",
    "name",
    "state",
    "priority",
    "value",
    "limit",
    "detail",
)
PPG_COLUMNS: Final = ("time_utc", "device_ms", "index", "red", "ir")

Row = dict[str, Any]


@click.command()
@port_argument
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="How to write it."
)
@click.option("--minutes", type=Minutes(min=0, min_open=True), help="End after so many minutes of the board.")
@click.option("--all", "everything", is_flag=True, help="Every message, field by field (JSON Lines only).")
@click.option("--ppg", is_flag=True, help="Raw samples of the oximeter instead, as they come in batches.")
def command(port: str | None, form: str, minutes: float | None, everything: bool, ppg: bool) -> None:
    """Readings and events as JSON Lines or CSV on standard output.

    A line appears as soon as the board has sent it. Values that were not measured are null or blank, and `reason`
    says why. CSV has one set of columns for readings and events. It guards nothing: use `vitalwire monitor` for
    alarms and a record.

    \b
    Examples:
      vitalwire stream | jq 'select(.source == "cuff")'
      vitalwire stream bed4 --format csv --minutes 30 > vitals.csv
      vitalwire stream sim://?speed=max --minutes 10
      vitalwire stream --ppg --format csv > pulse.csv
    """
    if everything and (form == "csv" or ppg):
        raise click.UsageError("--all writes JSON Lines and has the samples in it; leave --format csv and --ppg out.")
    with open_board(port) as board, terminable():
        say_what_runs(board)
        rows = _ppg_rows if ppg else _all_rows if everything else _rows
        write = _csv_writer(PPG_COLUMNS if ppg else COLUMNS) if form == "csv" else _write_json
        streaming = _ppg_setting(board) if ppg else None
        try:
            for received in board.messages(duration_s=None if minutes is None else minutes * 60):
                for row in rows(received, board):
                    write(row)
        finally:
            if streaming is not None and not board.closed:
                board.command(ConfigSet.request(ConfigKey.PPG_STREAM, streaming))


def _rows(received: Received, board: Board) -> list[Row]:
    item = reading_of(received, board.hello.boot, board.simulated) or event_of(received, board.hello.boot)
    return [] if item is None else [item.as_dict()]


def _all_rows(received: Received, board: Board) -> list[Row]:
    return [{"time_utc": iso_utc(received.utc_ms), "boot": board.hello.boot, **as_words(received.message)}]


def _ppg_rows(received: Received, _board: Board) -> list[Row]:
    message = received.message
    if not isinstance(message, Ppg) or not message.rate_hz:
        return []
    pairs = list(zip(message.samples[::2], message.samples[1::2], strict=False))
    rows = []
    for place, (red, ir) in enumerate(pairs):
        # The device time of a batch is that of its last sample.
        before_ms = (len(pairs) - 1 - place) * 1000 // message.rate_hz
        rows.append(
            {
                "time_utc": iso_utc(received.utc_ms - before_ms),
                "device_ms": (message.t_ms - before_ms) % (1 << 32),
                "index": message.first_index + place,
                "red": red,
                "ir": ir,
            }
        )
    return rows


def _ppg_setting(board: Board) -> str | None:
    """Turns the samples on where they are off; returns the setting to put back."""
    setting = board.command(ConfigGet.request(ConfigKey.PPG_STREAM)).detail
    if setting not in ("", "0"):
        return None
    board.command(ConfigSet.request(ConfigKey.PPG_STREAM, "1"))
    return setting or "0"


def _write_json(row: Row) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def _csv_writer(columns: tuple[str, ...]) -> Callable[[Row], None]:
    """Writes the header at once, then a line a row; RFC 4180 ends lines with CR LF, whatever the system."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
    out = sys.stdout.buffer

    def flush() -> None:
        out.write(text.getvalue().encode())
        out.flush()
        text.seek(0)
        text.truncate()

    def write(row: Row) -> None:
        values = dict(row)
        values["reason"] = ";".join(f"{field}:{reason}" for field, reason in row.get("reasons", {}).items())
        values["flags"] = " ".join(row.get("flags", ()))
        writer.writerow(values)
        flush()

    writer.writeheader()
    flush()
    return write
