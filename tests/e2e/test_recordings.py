# SPDX-License-Identifier: Apache-2.0
"""Real recordings the whole way: registers of the simulated chips, firmware, wire, host, CSV.

At least one finger recording and one cuff cycle of each set. What came out is written beside the reference into
`out/recordings.csv`; how near it is, is judged by the accuracy tests, not here.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import pytest

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.feed import Feed, Plan, Update
from vitalwire.link.transport import Transport, open_transport
from vitalwire.pump import Pump

ROOT = Path(__file__).resolve().parents[2]
DATASETS = Path(os.environ.get("VITALWIRE_DATASETS", ROOT.parent / "shared" / "datasets"))
LONG_ENOUGH_S = 5.0
TABLE = ROOT / "out" / "recordings.csv"
COLUMNS = ["record", "channels", "rows", "spo2_pct", "spo2_ref", "pulse_bpm", "pulse_ref", "sbp_mmhg", "sbp_ref",
           "map_mmhg", "dbp_mmhg", "dbp_ref", "quality", "reasons"]  # fmt: skip
Row = dict[str, str]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (DATASETS / "ppg" / "index.csv").is_file(),
        reason=f"THE RECORDINGS ARE NOT THERE: {DATASETS}; set VITALWIRE_DATASETS to their folder",
    ),
]


def index(kind: str) -> list[Row]:
    path = DATASETS / kind / "index.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def one_of_each_set(kind: str, prefer: str) -> list[Row]:
    """The first record of each set that has a reference and is long enough for a value, or else its first."""
    found: dict[str, Row] = {}

    def good(row: Row) -> tuple[bool, bool]:
        return float(row["duration_s"]) >= LONG_ENOUGH_S, bool(row[prefer])

    for row in index(kind):
        name = row["record"].split("/")[0]
        if name not in found or good(row) > good(found[name]):
            found[name] = row
    return list(found.values())


@pytest.fixture(scope="module")
def table() -> Path:
    TABLE.parent.mkdir(exist_ok=True)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, COLUMNS).writeheader()
    return TABLE


def write(table: Path, **values: object) -> None:
    with table.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, COLUMNS, restval="").writerow(values)


def monitor(out: Path, minutes: float, *, observe_s: int | None = None, **options: str) -> list[Row]:
    """Runs a session on the recording; with `observe_s` the board measures the cuff recording along."""
    opened: list[Transport] = []

    def open_port(port: str | None) -> Transport:
        opened.append(open_transport(port))
        return opened[0]

    class Begun(Feed):
        def put(self, update: Update) -> None:
            nonlocal observe_s
            if observe_s is not None and update.snapshot.guard == "guarding":
                pump.act("observe", str(observe_s))
                opened[0].port.twin.do("play_cuff")  # type: ignore[attr-defined]
                observe_s = None

    url = "sim://?" + urlencode({"patient": "no-finger" if "cuff" in options else "calm", "speed": "max", **options})
    pump = Pump(Plan(url, out, DEFAULT_LIMITS, minutes=minutes), Begun(every_s=0.0), open_port)
    folder = pump.run().folder
    assert folder is not None
    with (folder / "vitals.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def middle(rows: list[Row], field: str) -> str:
    values = [float(row[field]) for row in rows if row[field]]
    return f"{median(values):.1f}" if values else ""


def reasons(rows: list[Row]) -> str:
    return " ".join(sorted({reason for row in rows for reason in row["reason"].split(";") if reason}))


@pytest.mark.parametrize("record", [pytest.param(r, id=r["record"]) for r in one_of_each_set("ppg", "pr_ref")])
def test_a_finger_recording_of_each_set_flows_to_the_csv(record: Row, tmp_path: Path, table: Path) -> None:
    rows = monitor(tmp_path, 0.75, ppg=str(DATASETS / "ppg" / record["file"]))
    readings = [row for row in rows if row["source"] == "oximeter"]
    write(
        table, record=record["record"], channels=record["channels"], rows=len(readings),
        spo2_pct=middle(readings, "spo2_pct"), spo2_ref=record["spo2_ref"],
        pulse_bpm=middle(readings, "pulse_bpm"), pulse_ref=record["pr_ref"],
        quality=middle(readings, "quality"), reasons=reasons(readings),
    )  # fmt: skip
    assert len(readings) >= 40
    for row in readings:
        for field in ("spo2_pct", "pulse_bpm", "perfusion_pct"):
            assert bool(row[field]) != (f"{field}:" in row["reason"]), "a value, or the reason why there is none"
    if not {"red", "ir"} <= set(record["channels"].split()):
        assert all(row["spo2_pct"] == "" for row in readings), "one channel can give no saturation"


@pytest.mark.parametrize("record", [pytest.param(r, id=r["record"]) for r in one_of_each_set("cuff", "sbp_ref")])
def test_a_cuff_cycle_of_each_set_flows_to_the_csv(record: Row, tmp_path: Path, table: Path) -> None:
    seconds = int(float(record["duration_s"])) + 10
    rows = monitor(tmp_path, (seconds + 10) / 60, observe_s=seconds, cuff=str(DATASETS / "cuff" / record["file"]))
    (result,) = (row for row in rows if row["source"] == "cuff")
    write(
        table, record=record["record"], rows=1, sbp_mmhg=result["sbp_mmhg"], sbp_ref=record["sbp_ref"],
        map_mmhg=result["map_mmhg"], dbp_mmhg=result["dbp_mmhg"], dbp_ref=record["dbp_ref"],
        pulse_bpm=result["pulse_bpm"], quality=result["quality"], reasons=result["reason"],
    )  # fmt: skip
    assert "observed" in result["flags"].split()
    assert bool(result["sbp_mmhg"]) or "sbp_mmhg:" in result["reason"]
