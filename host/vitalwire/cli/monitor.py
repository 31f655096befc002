# SPDX-License-Identifier: Apache-2.0
"""`vitalwire monitor`: guards one session on one board and keeps its record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import Minutes, say

if TYPE_CHECKING:
    from ..alarms.rules import Limit
    from ..feed import Plan, Summary
    from ..session.profile import Profile

EXAMPLES = """
\b
Examples:
  vitalwire monitor                                  the one board that is plugged in
  vitalwire monitor --every 5 --bed "bay 2"          a cuff reading every 5 minutes
  vitalwire monitor --profile esketamine-nasal --patient K-017 --by AM    a guarded session
  vitalwire monitor --resume                         go on after this computer or program had stopped
  vitalwire monitor "sim://?patient=esketamine&speed=20" --minutes 30 --every 5
\b
Limits are the default ones (SpO2 90 %, pulse 50-120, 90/50 to 180/110 mmHg) unless --limits gives a file:
  [limits]
  spo2_low = 92
  pulse_high = { limit = 130, delay_s = 15 }
"""


@click.command("monitor", epilog=EXAMPLES)
@click.argument("port", required=False)
@click.option("--minutes", type=Minutes(min=0, min_open=True, max=720), help="End by itself after so long.")
@click.option("--every", type=Minutes(2, 120), metavar="MINUTES", help="A cuff reading every MINUTES (>= 2).")
@click.option(
    "--limits", type=click.Path(path_type=Path, readable=False), metavar="FILE.toml", help="Alarm limits to use."
)
@click.option(
    "--profile",
    metavar="NAME",
    help="What guides and guards the session: a name of `profile list`, or a file.",
)
@click.option("--patient", default="", metavar="CODE", help="The patient's code; never a name.")
@click.option("--by", default="", metavar="WHO", help="Who begins the session: initials or a staff code.")
@click.option(
    "--script",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE.jsonl",
    help="What people do in a simulated session, at which second of it.",
)
@click.option("--bed", default="", metavar="LABEL", help="Where this is; stays on screen and in the record.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where session folders go [~/Vitalwire, or what VITALWIRE_SESSIONS names].",
)
@click.option("--resume", is_flag=True, help="Go on with the latest session, whose program was ended or killed.")
@click.option(
    "--session", type=click.Path(path_type=Path), metavar="SESSION", help="With --resume: another than the latest."
)
@click.option("--same-limb", is_flag=True, help="Probe and cuff are on one limb.")
@click.option("--plain", is_flag=True, help="One line a reading on standard output instead of the screen.")
@click.option("--on-alarm", metavar="COMMAND", help="Run this for every alarm; the alarm is JSON on its input.")
@click.option("--quiet", is_flag=True, help="Only alarms and progress, on standard error.")
def command(port: str | None, plain: bool, quiet: bool, **given: Any) -> None:
    """Guard a session: numbers, alarms, cuff readings, and a record of it all.

    PORT is a device, a serial number, a bed label, or a URL such as sim://; without it, the one board that is plugged
    in. The session goes into a new folder below --out: vitals.csv, events.csv, oscillograms.csv, session.json and
    capture.vwire.

    The foot of the screen names the keys, ? shows them all. Ctrl-C asks; a second one within 3 s ends the session: the
    cuff is emptied and the folder closed. Readings, gaps, alarms and the course of --plain go to standard output,
    everything else to standard error.
    """
    from ..errors import CheckFailed, LinkLost
    from .monitor_resume import plan_of
    from .monitor_run import run_session, talk

    if plain and quiet:
        raise click.UsageError("--plain and --quiet exclude each other.")
    if given["session"] is not None and not given["resume"]:
        raise click.UsageError("--session says which session goes on: it needs --resume.")
    check_who(given["patient"], given["by"])
    plan = plan_of(port, given) if given["resume"] else make_plan(port, given)
    summary = run_session(plan, plain=plain, quiet=quiet, on_alarm=alarm_command(given["on_alarm"]))
    for line in summary_lines(summary):
        talk(line)
    if not summary.confirmed:
        raise LinkLost(
            f"board {summary.board} was not reached at the end, and the session may go on there",
            "see that the cuff is empty, or switch the board off",
        )
    if not summary.complete:
        raise CheckFailed("the record is not complete: the disk did not take everything", "see session.json")


def make_plan(port: str | None, given: dict[str, Any]) -> Plan:
    """What the options ask for: a new session."""
    from ..feed import Plan
    from ..planned import versions
    from ..record.folder import default_folder
    from ..session.profile_sign import record_of
    from .monitor_resume import hint_of_unfinished

    if given["profile"] is not None and given["limits"] is not None:
        raise click.UsageError("--profile and --limits exclude each other.")
    limits, unsigned = load_limits(given["limits"])
    every_s, kept, text = None if given["every"] is None else round(given["every"] * 60), {}, ""
    patient, by = given["patient"], given["by"]
    if given["profile"] is not None:
        profile, text = load_profile(given["profile"])
        limits, kept = profile.limits, record_of(profile)
        unsigned = kept["state"] != "signed"
        if profile.phases:
            if every_s is not None:
                raise click.UsageError(f"--every: profile {profile.name} says when readings start in each phase.")
            patient, by = ask_who(patient, by)
    bed = clean_bed(given["bed"])
    out = given["out"] or default_folder()
    hint_of_unfinished(out)
    return Plan(
        port=port,
        out=out,
        limits=limits,
        every_s=every_s,
        minutes=given["minutes"],
        bed=bed,
        unsigned=unsigned,
        same_limb=given["same_limb"],
        versions=versions(),
        profile=kept,
        profile_text=text,
        patient=patient,
        by=by,
        script=load_script(given["script"], port),
    )


def load_limits(path: Path | None) -> tuple[tuple[Limit, ...], bool]:
    """The limits of a file, or the default ones; and whether nobody has signed them (nobody signs a limits file)."""
    from ..alarms.limits import parse_limits
    from ..alarms.rules import DEFAULT_LIMITS
    from ..profiles import read_text

    if path is None:
        return DEFAULT_LIMITS, True
    return parse_limits(read_text(path, "a limits file"), str(path)), True


def load_profile(name: str) -> tuple[Profile, str]:
    """The profile of that name or file, and its text; says who signed it."""
    from .. import profiles
    from ..session.profile_sign import state_text

    found = profiles.find(name)
    text = profiles.read_text(found.path)
    profile = profiles.load(found)
    say(f"profile {profile.name or name} version {profile.version or '-'}: {state_text(profile)}")
    return profile, "" if profile.only_limits else text


def ask_who(patient: str, by: str) -> tuple[str, str]:
    """Who the patient is and who begins: asked for on a terminal, an error elsewhere."""
    import sys

    missing = [option for option, value in (("--patient", patient), ("--by", by)) if not value]
    if missing and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"A profile with phases needs {' and '.join(missing)}.")
    from ..session.patient import by_refusal, code_refusal

    return (
        patient or _ask("Patient's code (never a name)", code_refusal),
        by or _ask("Who begins the session (initials or staff code)", by_refusal),
    )


def _ask(question: str, refusal: Callable[[str], str]) -> str:
    while True:
        said = str(click.prompt(question, err=True)).strip()
        why = refusal(said)
        if not why:
            return said
        say(why)


def alarm_command(command: str | None) -> list[str] | None:
    """The words of --on-alarm."""
    if command is None:
        return None
    from .on_alarm import words_of

    return words_of(command)


def check_who(patient: str, by: str) -> None:
    """Refuses what may not stand in a record."""
    from ..session.patient import by_refusal, code_refusal

    if patient and (why := code_refusal(patient)):
        raise click.UsageError(f"--patient: {why}.")
    if by and (why := by_refusal(by)):
        raise click.UsageError(f"--by: {why}.")


def load_script(path: Path | None, port: str | None) -> tuple[tuple[int, str, dict[str, Any]], ...]:
    """The actions of a simulated session, one JSON object a line: {"at_s": 30, "action": "answer", ...}."""
    if path is None:
        return ()
    import json

    from ..profiles import read_text

    if not (port or "").startswith("sim:"):
        raise click.UsageError("--script is for simulated sessions (sim://): in a real one people act.")
    found = []
    for number, line in enumerate(read_text(path, "a script").splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            at_ms, name = round(float(values.pop("at_s")) * 1000), str(values.pop("action"))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            hint = 'write {"at_s": 30, "action": "note", "text": "..."}'
            raise click.UsageError(f"{path}, line {number}: this is no action; {hint}.") from None
        found.append((at_ms, name, values))
    return tuple(sorted(found, key=lambda item: item[0]))


def clean_bed(label: str) -> str:
    """Refuses a bed label that no screen could show."""
    from ..errors import UsageError

    if not label.isprintable() or len(label) > 32:
        raise UsageError("--bed: at most 32 characters, and none that does not print")
    return label.strip()


def summary_lines(summary: Summary) -> list[str]:
    """What is said when a session has ended."""
    alarms = ", ".join(f"{name} {count}" for name, count in sorted(summary.alarms.items())) or "none"
    length = f"{summary.simulated_s / 60:.1f} min"
    if summary.real_s and summary.simulated_s > 1.5 * summary.real_s:
        length += f" in {summary.real_s:.1f} s, {summary.simulated_s / summary.real_s:.0f} times as fast as life"
    failed = f", {summary.cuff_failed} without a value" if summary.cuff_failed else ""
    return [
        f"session   {length}; ended by {summary.why}",
        f"board     {summary.board}, firmware on {summary.interpreter or 'an interpreter it does not name'}",
        f"record    {summary.folder}",
        f"rows      {summary.rows.get('vitals', 0)} vitals, {summary.rows.get('events', 0)} events",
        f"cuff      {summary.cuff_good} readings{failed}, {summary.oscillograms} oscillograms",
        f"alarms    {alarms}",
        f"head      {summary.head}",
        "          note it elsewhere: only `vitalwire verify --head` shows a record that was written anew as a whole",
    ]
