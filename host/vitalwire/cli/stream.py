# SPDX-License-Identifier: Apache-2.0
"""`vitalwire stream`."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from vitalwire_protocol.codec import Ppg

from ..link.board import Board
from ..link.events import Received
from ..link.opening import open_board
from ..link.readings import event_of, iso_utc, reading_of
from ..link.waves import waves_on
from ..link.words import as_words
from .common import Minutes, say_what_runs, terminable

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
@click.argument("source", required=False, metavar="[SOURCE]")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="How to write it."
)
@click.option("--minutes", type=Minutes(min=0, min_open=True), help="End after so many minutes of the board.")
@click.option("--to", "to", multiple=True, metavar="URL", help="Deliver there instead; may be given several times.")
@click.option("--follow", "followed", is_flag=True, help="SOURCE is a session that `monitor` records now [the latest].")
@click.option("--from-now", is_flag=True, help="With a session: leave out what happened before.")
@click.option("--list", "listed", is_flag=True, help="Say what --to can be, what it needs, and its options.")
@click.option("--json", "as_json", is_flag=True, help="With --list: for a program to read.")
@click.option(
    "--spool",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what waits for a sink that is away [.streams in the folder of sessions].",
)
@click.option("--spool-mb", type=click.IntRange(1, 65536), default=64, show_default=True, help="So much may wait.")
@click.option(
    "--drain",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    help="Seconds to deliver what waits, at the end.",
)
@click.option("--all", "everything", is_flag=True, help="Every message, field by field (JSON Lines only).")
@click.option("--ppg", is_flag=True, help="Raw samples of the oximeter instead, as they come in batches.")
def command(
    source: str | None, form: str, minutes: float | None, everything: bool, ppg: bool, listed: bool, **given: Any
) -> None:
    """Readings and events of a board or a session: as JSON Lines or CSV on standard output, or to other programs.

    SOURCE is a PORT, or the folder or name of a session. A line appears as soon as the board has sent it. Values that
    were not measured are null or blank, and `reason` says why. CSV has one set of columns for readings and events. It
    guards nothing: use `vitalwire monitor` for alarms and a record, and --follow to stream what that records.

    With --to each sink is tried again when it goes away; what waits is kept on disk, delivered in order, at least once,
    and marked late, or repeated where it may have arrived before.

    \b
    Examples:
      vitalwire stream | jq 'select(.source == "cuff")'
      vitalwire stream bed4 --format csv --minutes 30 > vitals.csv
      vitalwire stream sim://?speed=max --minutes 10
      vitalwire stream --ppg --format csv > pulse.csv
      vitalwire stream --follow --to mqtt://broker.local/ward2 --to jsonl:today.jsonl
      vitalwire stream --list
    """
    if listed:
        from .stream_to import list_kinds

        list_kinds(given["as_json"])
        return
    if given["to"] or given["followed"]:
        if everything or ppg or form != "jsonl":
            raise click.UsageError("--format, --all and --ppg are for standard output, without --to and --follow.")
        _deliver(source, minutes, given)
        return
    port = source
    if everything and (form == "csv" or ppg):
        raise click.UsageError("--all writes JSON Lines and has the samples in it; leave --format csv and --ppg out.")
    with open_board(port) as board, terminable():
        say_what_runs(board)
        rows = _ppg_rows if ppg else _all_rows if everything else _rows
        write = _csv_writer(PPG_COLUMNS if ppg else COLUMNS) if form == "csv" else _write_json
        with waves_on(board, ppg):
            for received in board.messages(duration_s=None if minutes is None else minutes * 60):
                for row in rows(received, board):
                    write(row)


def _deliver(source: str | None, minutes: float | None, given: dict[str, Any]) -> None:
    from ..delivery.run import Order
    from .stream_to import stream_board, stream_session, wants_session

    order = Order(tuple(given["to"]) or ("jsonl:-",), given["spool"], given["spool_mb"] << 20, given["drain"])
    if not wants_session(source, given["followed"]):
        stream_board(source, order, minutes)
        return
    if minutes is not None:
        raise click.UsageError("--minutes is for a board: a session ends by itself.")
    stream_session(source, order, given["from_now"])


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
