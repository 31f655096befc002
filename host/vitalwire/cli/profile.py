# SPDX-License-Identifier: Apache-2.0
"""`vitalwire profile`: list, show, check, copy and sign what sessions are judged by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CheckFailed, UsageError
from .common import json_option, print_json, say

if TYPE_CHECKING:
    from ..profiles import Found
    from ..session.profile import Check, Observation, Profile

EXAMPLES = """
\b
Examples:
  vitalwire profile list
  vitalwire profile show esketamine-nasal
  vitalwire profile copy ketamine-iv                   a copy in ~/Vitalwire/profiles, to edit
  vitalwire profile check ketamine-iv                  then the site's copy comes first
  vitalwire profile sign ketamine-iv --by "Dr. A. Example"
"""


@click.group("profile", epilog=EXAMPLES)
def command() -> None:
    """What a session is judged by: phases, checks, limits, hold limits, with their sources.

    The shipped profiles are starting points, not recommendations: a clinician copies one, reviews it, and signs the
    copy. An unsigned one can be used, and says so.

    NAME is a name of `list`, or a file whose name ends in .toml. A site's profiles lie in ~/Vitalwire/profiles (beside
    the sessions); a name means the site's before the shipped one.
    """


@command.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the profiles of this site and the shipped ones, and who signed them."""
    from .. import profiles

    for one in profiles.found():
        about = _about(one)
        if as_json:
            print_json(about)
            continue
        version = about.get("version", "-")
        click.echo(f"{one.name:26} {one.origin:8} {version:>4}  {about.get('title', '')}")
        click.echo(f"{'':26} {about.get('problem') or about['signature']}")


@command.command("show")
@click.argument("name")
@json_option
@click.option("--toml", "as_toml", is_flag=True, help="The file as it is, with its comments.")
def show_command(name: str, as_json: bool, as_toml: bool) -> None:
    """Say in words what a profile asks for."""
    from .. import profiles

    if as_json and as_toml:
        raise click.UsageError("--json and --toml exclude each other.")
    one = profiles.find(name)
    if as_toml:
        click.echo(profiles.read_text(one.path), nl=False)
        return
    profile = profiles.load(one)
    if as_json:
        from ..session.profile_sign import canonical

        print_json(_about(one) | {"content": json.loads(canonical(profile))})
        return
    for line in _lines(profile):
        click.echo(line)
    _warn(profile)


@command.command("check")
@click.argument("name")
@json_option
@click.option("--signed", is_flag=True, help="Fail unless somebody has signed it as it stands.")
def check_command(name: str, as_json: bool, signed: bool) -> None:
    """Check a profile or a limits file, and say what is wrong with it, with line and column.

    Exit code 0: it can be used. 1: it cannot, or it was changed since it was signed (with --signed also: nobody signed
    it). 2: there is no such profile, or the file cannot be opened.
    """
    from .. import profiles
    from ..session.profile_sign import Signed, content_hash, state, state_text
    from ..toml_places import TomlError

    one = profiles.find(name)
    try:
        profile = profiles.load(one)
    except TomlError as error:
        _say_problems(one, error, as_json)
        raise
    now = state(profile)
    good = now is not Signed.CHANGED and (now is Signed.SIGNED or not signed)
    if as_json:
        print_json(_about(one) | {"good": good, "problems": []})
    else:
        what = "limits file" if profile.only_limits else f"profile {profile.name}, version {profile.version}"
        click.echo(f"{one.path}: {what}, {len(profile.limits)} absolute limits; nothing contradicts itself")
        click.echo(f"hash      {content_hash(profile)}")
        click.echo(f"signature {state_text(profile)}")
        for source in profile.unread_sources:
            click.echo(f"to check  source {source.id}: {source.text}")
    if not good:
        raise CheckFailed(f"{one.path}: {state_text(profile)}", "review it, and `vitalwire profile sign` it")


def _say_problems(one: Found, error: Any, as_json: bool) -> None:
    """Every problem, and then the exit code of a thing that was checked and is not good."""
    problems = [error, *error.others]
    if as_json:
        rows = [{"line": p.line, "column": p.column, "problem": p.problem, "hint": p.hint} for p in problems]
        print_json({"name": one.name, "path": str(one.path), "good": False, "problems": rows})
    for problem in problems[1:]:
        say(f"vitalwire: {problem}")
    raise CheckFailed(error.what, error.hint) from None


@command.command("copy")
@click.argument("name")
@click.argument("target", metavar="[FILE.toml]", required=False, type=click.Path(path_type=Path))
def copy_command(name: str, target: Path | None) -> None:
    """Copy a profile to a file of yours, to edit and sign. Without FILE.toml into ~/Vitalwire/profiles."""
    from .. import profiles

    one = profiles.find(name)
    target = target or profiles.site_folder() / f"{one.name}.toml"
    if target.suffix != ".toml":
        raise UsageError(f"{target}: the name of a profile's file ends in .toml")
    profiles.copy(one, target)
    click.echo(str(target))
    say("now review it: every limit is a starting point. Count up its version, check it, and sign it.")


@command.command("sign")
@click.argument("name")
@click.option("--by", required=True, metavar="WHO", help="Who has reviewed it and stands for it.")
@json_option
def sign_command(name: str, by: str, as_json: bool) -> None:
    """Put a name, the time (UTC) and the hash of the content into a profile's file.

    Whoever signs has reviewed every value. A later change to any value, text or source shows, and makes the profile
    unsigned; comments and layout may change. It is no proof of identity: whoever can write the file can sign it.
    """
    from datetime import UTC, datetime

    from .. import profiles
    from ..session.profile_sign import content_hash, state_text
    from ..toml_places import TomlError

    one = profiles.find(name)
    try:
        profile = profiles.sign_file(one, by, datetime.now(UTC))
    except TomlError as error:
        _say_problems(one, error, as_json)
        raise
    if as_json:
        print_json(_about(one))
        return
    click.echo(f"{one.path}: profile {profile.name}, version {profile.version}, is {state_text(profile)}")
    click.echo(f"hash      {content_hash(profile)}")
    for source in profile.unread_sources:
        say(f"note: source {source.id} was not read in a primary document: {source.text}")


def _about(one: Found) -> dict[str, Any]:
    """What there is to say of a profile in one row."""
    from .. import profiles
    from ..session.profile_sign import content_hash, state, state_text

    row: dict[str, Any] = {"name": one.name, "origin": one.origin, "path": str(one.path)}
    try:
        profile = profiles.load(one)
    except UsageError as error:
        return row | {"problem": f"cannot be used: {error.what}"}
    row |= {"version": profile.version, "title": profile.title, "hash": content_hash(profile)}
    row |= {"state": state(profile).name.lower(), "signature": state_text(profile)}
    if profile.approval is not None:
        row |= {"by": profile.approval.by, "utc": f"{profile.approval.utc:%Y-%m-%dT%H:%M:%SZ}"}
    return row


def _warn(profile: Profile) -> None:
    from ..session.profile_sign import Signed, state, state_text

    if state(profile) is not Signed.SIGNED:
        say(f"note: {state_text(profile)}; every limit is a starting point that a clinician reviews and signs")


# ------------------------------------------------------------ in words


def _lines(profile: Profile) -> Iterator[str]:
    from ..alarms.rules import LIMIT_RULES
    from ..session.profile_sign import content_hash, state_text

    if not profile.only_limits:
        yield f"{profile.name}, version {profile.version}: {profile.title}"
        yield f"  {profile.about}"
    yield f"  {state_text(profile)}; {content_hash(profile)}"
    yield "limits (the board guards these by itself)"
    for limit in profile.limits:
        rule = LIMIT_RULES[limit.rule]
        side = "below" if rule.low else "above"
        delay = f"after {limit.delay_s:g} s" if limit.delay_s else "at once"
        yield f"  {limit.rule:11} {side} {limit.threshold:g} {rule.unit}, {delay}, {limit.priority}"
        yield f"  {'':11} {limit.source}"
    for over in profile.overrides:
        yield f"  {over.rule:11} at {over.threshold:g} {LIMIT_RULES[over.rule].unit} at once, {over.priority}"
    if profile.saturation_index is not None:
        index = profile.saturation_index
        yield f"  saturation index {index.threshold_pct_s:g} % s, {index.priority}"
    yield from _more(profile)


def _more(profile: Profile) -> Iterator[str]:
    from ..session.profile import FIELDS, RELATIVE_RULES

    if profile.relative:
        yield "limits relative to the baseline"
    for near in profile.relative:
        unit = FIELDS[RELATIVE_RULES[near.rule].field]
        by = f"{near.by_percent:g} %" if near.by_percent is not None else f"{near.by_unit:g} {unit}"
        yield f"  {near.rule:11} by {by}, {near.priority}, in {', '.join(near.phases)}"
    if profile.holds:
        yield "hold limits"
    for hold in profile.holds:
        again = f", confirmed after {_minutes(hold.confirm_after_s)}" if hold.confirm_after_s else ""
        yield f"  {hold.advice:5} {hold.text}{again}"
    for phase in profile.phases:
        cuff = "no cuff by itself" if phase.cuff_every_s is None else f"cuff every {_minutes(phase.cuff_every_s)}"
        least = f", at least {_minutes(phase.least_s)}" if phase.least_s else ""
        most = f", at most {_minutes(phase.most_s)}" if phase.most_s else ""
        yield f"phase {phase.name}: {phase.text}; {cuff}{least}{most}"
        for row in phase.observations:
            yield f"  {row.item:15} {_when(row)}, by the {row.by}"
    for when, checks in (("before the dose", profile.before_dose), ("before leaving", profile.before_leaving)):
        if checks:
            yield f"checks {when}"
        for check in checks:
            yield _check(check)
    if profile.side_effects is not None:
        yield f"side effects: {', '.join(profile.side_effects.names)} ({', '.join(profile.side_effects.severities)})"
    if profile.sources:
        yield "sources"
    for source in profile.sources:
        yield f"  {source.id}: {source.text}"


def _check(check: Check) -> str:
    return f"  {check.text}  else: {check.advice}"


def _when(row: Observation) -> str:
    if row.every_s is not None:
        return f"every {_minutes(row.every_s)}"
    if row.at_s:
        return f"{', '.join(f'{s / 60:g}' for s in row.at_s)} min after the {row.since} began"
    return "once" if row.once else f"all the time (missed after {_minutes(row.late_s)} without)"


def _minutes(seconds: int | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:g} min"
