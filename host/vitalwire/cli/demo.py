# SPDX-License-Identifier: Apache-2.0
"""`make demo`: a simulated esketamine session of 30 minutes at full speed, and what its record shows."""

from __future__ import annotations

import csv
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click

from ..errors import VitalwireError
from .common import Minutes

URL = "sim://?patient=esketamine&seed=1&speed=max"
MINUTES = 30
PROFILE = "esketamine-nasal"
PATIENT, BY = "DEMO-1", "demo"
DOSE_S = 280
"""When the demonstration marks the dose. The simulated patient reacts from 2 min on, whatever is marked."""
SCRIPT = Path(__file__).with_name("demo.jsonl")

Row = dict[str, str]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True)
@click.option("--minutes", type=Minutes(min=1, max=MINUTES), default=MINUTES, show_default=True)
def command(out: Path, minutes: float) -> None:
    """Run the demonstration and summarise its record."""
    from .monitor import command as monitor

    words = [URL, "--profile", PROFILE, "--patient", PATIENT, "--by", BY, "--minutes", f"{minutes:g}"]
    words += ["--script", str(SCRIPT), "--out", str(out)]
    click.echo(f"$ vitalwire monitor {shlex.join(words)}", err=True)
    began_s = time.monotonic()
    terminal = sys.stdout.isatty() and sys.stderr.isatty() and sys.stdin.isatty()
    monitor.main([*words, *([] if terminal else ["--quiet"])], prog_name="vitalwire monitor", standalone_mode=False)
    from ..record.folder import latest_session

    folder = latest_session(out)
    for line in summary(folder, time.monotonic() - began_s):
        click.echo(line)


def script() -> tuple[tuple[int, str, dict[str, Any]], ...]:
    """What the people of the demonstration do."""
    from .monitor import load_script

    return load_script(SCRIPT, URL)


def summary(folder: Path, real_s: float) -> list[str]:
    """What the CSVs of the demo's `folder` say, in a few lines."""
    from ..record.folder import read_session_json

    vitals, events = rows(folder / "vitals.csv"), rows(folder / "events.csv")
    about = read_session_json(folder)
    return [
        "",
        f"A simulated esketamine session of {about.get('minutes'):g} minutes, run in {real_s:.0f} s",
        f"  firmware ran on     {about.get('interpreter')} ({about['board']['kind']}, {about['board']['serial']})",
        f"  pressure            {pressure(vitals)}",
        f"  pulse               {pulse(vitals)}",
        f"  lowest SpO2         {lowest(vitals)}",
        *(f"  {line}" for line in course(events)),
        *(f"  alarm               {line}" for line in alarms(events)),
        f"  rows                {len(vitals)} vitals, {len(events)} events; every value is marked SIMULATED",
        f"  record              {folder}",
        f"  head of the record  {about.get('capture', {}).get('head', '')}",
    ]


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def minute(row: Row) -> str:
    return f"minute {float(row['elapsed_s']) / 60:.1f}"


def pressure(vitals: list[Row]) -> str:
    good = [row for row in vitals if row["source"] == "cuff" and row["sbp_mmhg"] and row["dbp_mmhg"]]
    if not good:
        return "no reading"
    first, peak = good[0], max(good, key=lambda row: float(row["sbp_mmhg"]))

    def text(row: Row) -> str:
        return f"{float(row['sbp_mmhg']):.0f}/{float(row['dbp_mmhg']):.0f} mmHg in {minute(row)}"

    return f"{text(first)}, highest {text(peak)}; {len(good)} readings"


def pulse(vitals: list[Row]) -> str:
    good = [row for row in vitals if row["source"] == "oximeter" and row["pulse_bpm"]]
    before = [float(row["pulse_bpm"]) for row in good if float(row["elapsed_s"]) < DOSE_S]
    if not before:
        return "no reading before the dose"
    peak = max(good, key=lambda row: float(row["pulse_bpm"]))
    mean = sum(before) / len(before)
    return f"{mean:.0f} /min before the dose, highest {float(peak['pulse_bpm']):.0f} in {minute(peak)}"


def lowest(vitals: list[Row]) -> str:
    good = [row for row in vitals if row["spo2_pct"]]
    if not good:
        return "no reading"
    low = min(good, key=lambda row: float(row["spo2_pct"]))
    return f"{float(low['spo2_pct']):.0f} % in {minute(low)}"


def course(events: list[Row]) -> list[str]:
    """The phases that were entered, the baseline, the dose, what was missed, and what was advised."""
    wanted: dict[str, tuple[str, ...]] = {"phase": ("entered",), "baseline": ("taken",), "dose": ("given",)}
    wanted |= {"observation": ("missed",), "hold": ("advised", "decided")}
    wanted["side_effect"] = ("mild", "moderate", "severe")
    return [
        f"{row['kind'].replace('_', ' '):18}  {minute(row):12} {row['name'].replace('_', ' ')} {row['state']}"
        for row in events
        if row["state"] in wanted.get(row["kind"], ())
    ]


def alarms(events: list[Row]) -> list[str]:
    found = []
    for row in events:
        if row["kind"] in ("physiological", "technical"):
            value = f" at {row['value']} (limit {row['limit']})" if row["value"] else ""
            found.append(f"{minute(row):12} {row['name']} {row['state']}{value}")
    return found


def main() -> None:
    """Runs `command`; an error of ours is one sentence and its exit code."""
    try:
        command(standalone_mode=False)
    except VitalwireError as error:
        click.echo(f"vitalwire: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)


if __name__ == "__main__":
    main()
