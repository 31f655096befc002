# SPDX-License-Identifier: Apache-2.0
"""What the shipped profiles' alarms do on recorded vitals, against a judge of its own that is as plain as can be.

    make alarms [DATASETS=dir] [OUT=file.json]

For every series of `vitals/index.csv` in a dataset folder and every profile: how many violations should alarm (they
last the delay, reach the saturation index, or pass the override), how many of these were missed, how long it took from
the first violating reading (median, longest; the oximeter's own delay is said beside it), and how many alarms an hour
were a nuisance (the violation was over within 15 s and never past the override), against a plain threshold that alarms
at each excursion. A violation is over when the value is back at the threshold. What raises an alarm is acknowledged as
soon as it is over, as a person at the bedside would.

It shares no code with the engine that it looks at; both get the same readings.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vitalwire import profiles
from vitalwire.alarms.delays import total_delay
from vitalwire.errors import VitalwireError
from vitalwire.record.series import read_series
from vitalwire.session.profile import Profile
from vitalwire.session.watch import Watch

ROOT: Final = Path(__file__).resolve().parents[2]
NUISANCE_S: Final = 15.0
FRESH_S: Final = 3.0
FIELDS: Final = {
    "spo2_low": "spo2_pct", "pulse_low": "pulse_bpm", "pulse_high": "pulse_bpm", "sbp_low": "sbp_mmhg",
    "sbp_high": "sbp_mmhg", "dbp_low": "dbp_mmhg", "dbp_high": "dbp_mmhg",
}  # fmt: skip
Reading = tuple[float, float | None]


@dataclass
class Excursion:
    """From the first value beyond the threshold to the first that is not; `due_s` is when it must be an alarm."""

    begin_s: float
    end_s: float
    due_s: float | None
    past_override: bool

    @property
    def nuisance(self) -> bool:
        return self.end_s - self.begin_s < NUISANCE_S and not self.past_override


@dataclass
class Tally:
    """What came of one rule on one series."""

    rule: str
    hours: float = 0.0
    due: int = 0
    missed: int = 0
    delays_s: list[float] = field(default_factory=list)
    alarms: int = 0
    nuisance: int = 0
    plain: int = 0
    plain_nuisance: int = 0


def excursions(readings: list[Reading], profile: Profile, rule: str) -> Iterator[Excursion]:
    """The plain judge: thresholds, durations and areas, a reading of the oximeter counting for three seconds."""
    limit = next(limit for limit in profile.limits if limit.rule == rule)
    override = next((o.threshold for o in profile.overrides if o.rule == rule), None)
    low, cuff = rule.endswith("_low"), rule[:3] in ("sbp", "dbp")
    index = profile.saturation_index.threshold_pct_s if rule == "spo2_low" and profile.saturation_index else None
    current: Excursion | None = None
    lasted_s, area, before = 0.0, 0.0, 0.0
    last: float | None = None
    for t_s, value in readings:
        if current is not None and last is not None:
            step_s = t_s - before if cuff else min(t_s - before, FRESH_S)
            reached = limit.delay_s - lasted_s
            grows = (limit.threshold - last) if index is not None else 0.0
            waits = [reached] if reached <= step_s else []
            if index is not None and grows > 0 and area + grows * step_s >= index:
                waits.append((index - area) / grows)
            if waits and current.due_s is None:
                current.due_s = before + max(0.0, min(waits))
            lasted_s += step_s
            area += max(0.0, grows) * step_s
        if value is None:
            continue
        beyond = value < limit.threshold if low else value > limit.threshold
        worse = override is not None and (value < override if low else value > override)
        if beyond and current is None:
            current, lasted_s = Excursion(t_s, t_s, None, False), 0.0
        if current is not None and beyond:
            current.end_s = t_s
            if worse:
                current.past_override = True
                current.due_s = t_s if current.due_s is None else min(current.due_s, t_s)
            if cuff and not limit.delay_s and current.due_s is None:
                current.due_s = t_s
        elif current is not None:
            current.end_s = t_s
            yield current
            current = None
        back = value >= limit.threshold + limit.hysteresis if low else value <= limit.threshold - limit.hysteresis
        area = 0.0 if back else area
        before, last = t_s, value if beyond else None
    if current is not None:
        yield current


def engine_alarms(rows: list[Any], profile: Profile) -> dict[str, list[tuple[float, float]]]:
    """When the engine under test has each rule raised: (from, until) in s."""
    watch = Watch(profile.limits, 0, profile)
    spans: dict[str, list[tuple[float, float]]] = {rule: [] for rule in FIELDS}
    open_: dict[str, float] = {}

    def take(events: list[Any]) -> None:
        for event in events:
            if event.name not in spans:
                continue
            if event.state == "raised":
                open_.setdefault(event.name, event.t_ms / 1000)
            elif event.state in ("latched", "cleared") and event.name in open_:
                spans[event.name].append((open_.pop(event.name), event.t_ms / 1000))
            if event.state == "latched":
                take(watch.acknowledge(event.t_ms, event.name)[0])

    for row in rows:
        take(watch.advance(row.t_ms))
        fields = ("sbp_mmhg", "dbp_mmhg") if row.source == "cuff" else ("spo2_pct", "pulse_bpm")
        for name in fields:
            take(watch.reading(name, getattr(row, name), row.t_ms))
    end_s = rows[-1].t_ms / 1000 if rows else 0.0
    for rule, begin_s in open_.items():
        spans[rule].append((begin_s, end_s + FRESH_S))
    return spans


def judge(rows: list[Any], profile: Profile) -> list[Tally]:
    """Every rule of a profile on one series."""
    spans = engine_alarms(rows, profile)
    found = []
    for rule, name in FIELDS.items():
        source = "cuff" if rule[:3] in ("sbp", "dbp") else "oximeter"
        readings = [(row.t_ms / 1000, getattr(row, name)) for row in rows if row.source == source]
        if not any(value is not None for _, value in readings):
            continue
        tally = Tally(rule, hours=(readings[-1][0] - readings[0][0]) / 3600, alarms=len(spans[rule]))
        seen = list(excursions(readings, profile, rule))
        for one in seen:
            tally.plain += 1
            tally.plain_nuisance += one.nuisance
            at = next((s for s in spans[rule] if s[0] <= (one.due_s or one.end_s) + 1e-3 and s[1] >= one.begin_s), None)
            if one.due_s is not None:
                tally.due += 1
                tally.missed += at is None
                if at is not None and at[0] >= one.begin_s:
                    tally.delays_s.append(at[0] - one.begin_s)
        for begin_s, _ in spans[rule]:
            of = next((one for one in seen if one.begin_s <= begin_s <= one.end_s + FRESH_S), None)
            tally.nuisance += of is not None and of.nuisance
        found.append(tally)
    return found


def series_of(datasets: Path) -> Iterator[tuple[str, str, list[Any]]]:
    """(set, record, rows) of every series in a dataset folder; one that does not read is named, and the run goes on."""
    with (datasets / "vitals" / "index.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            path = datasets / "vitals" / line["file"]
            for who, rows in read_series(path).items():
                yield line["record"].split("/")[0], f"{line['record']}{':' + who if who else ''}", rows


def add(total: Tally, one: Tally) -> None:
    for name in ("hours", "due", "missed", "alarms", "nuisance", "plain", "plain_nuisance"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    total.delays_s += one.delays_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=Path, default=ROOT.parent / "shared" / "datasets")
    parser.add_argument("--out", type=Path, help="one JSON object a line")
    given = parser.parse_args()
    if not (given.datasets / "vitals" / "index.csv").is_file():
        print(f"SKIPPED: there are no vitals series in {given.datasets}", file=sys.stderr)
        return 2
    totals: dict[tuple[str, str, str], Tally] = {}
    broken = 0
    shipped = {p.stem: profiles.load(profiles.find(p.stem)) for p in sorted(profiles.SHIPPED.glob("*.toml"))}
    found = series_of(given.datasets)
    while True:
        try:
            name, _, rows = next(found)
        except StopIteration:
            break
        except VitalwireError as error:
            print(f"not read: {error}", file=sys.stderr)
            broken += 1
            break
        for title, profile in shipped.items():
            for tally in judge(rows, profile):
                add(totals.setdefault((title, name, tally.rule), Tally(tally.rule)), tally)
    lines = [row_of(*key, tally, shipped[key[0]]) for key, tally in sorted(totals.items())]
    report(lines)
    if given.out:
        given.out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return 1 if broken or any(line["missed"] for line in lines) else 0


def row_of(title: str, name: str, rule: str, tally: Tally, profile: Profile) -> dict[str, Any]:
    limit = next(limit for limit in profile.limits if limit.rule == rule)
    fixed_s = total_delay(limit).total_s - limit.delay_s
    hours = max(tally.hours, 1e-9)
    delays = tally.delays_s
    return {
        "profile": title, "set": name, "rule": rule, "hours": round(tally.hours, 2), "due": tally.due,
        "missed": tally.missed, "alarms": tally.alarms,
        "delay_median_s": round(statistics.median(delays), 1) if delays else None,
        "delay_max_s": round(max(delays), 1) if delays else None,
        "before_the_reading_s": round(fixed_s, 2),
        "nuisance_per_h": round(tally.nuisance / hours, 2),
        "plain_per_h": round(tally.plain_nuisance / hours, 2),
    }  # fmt: skip


def report(lines: list[dict[str, Any]]) -> None:
    """A table; profiles that do the same on a set are one line."""
    print(f"{'set':10} {'rule':11} {'hours':>8} {'due':>5} {'missed':>6} {'alarms':>6} {'delay median/max':>17} "
          f"{'nuisance/h':>10} {'plain/h':>8}  profiles")  # fmt: skip
    same: dict[str, list[str]] = {}
    for line in lines:
        key = json.dumps({name: value for name, value in line.items() if name != "profile"})
        same.setdefault(key, []).append(line["profile"])
    for key, names in same.items():
        line = json.loads(key)
        delay = "-" if line["delay_max_s"] is None else f"{line['delay_median_s']:g}/{line['delay_max_s']:g} s"
        who = "all" if len(names) == len({one["profile"] for one in lines}) else ", ".join(names)
        print(f"{line['set']:10} {line['rule']:11} {line['hours']:8.1f} {line['due']:5} {line['missed']:6} "
              f"{line['alarms']:6} {delay:>17} {line['nuisance_per_h']:10.2f} "
              f"{line['plain_per_h']:8.2f}  {who}")  # fmt: skip
    names = ("nuisance_per_h", "plain_per_h")
    total, plain = (sum(line[name] * line["hours"] for line in lines) for name in names)
    if plain:
        print(f"nuisance alarms against plain thresholds, all together: {100 * total / plain:.0f} %")


if __name__ == "__main__":
    sys.exit(main())
