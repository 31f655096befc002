# SPDX-License-Identifier: Apache-2.0
"""`vitalwire replay`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .common import json_option, print_json, say, uncollected

if TYPE_CHECKING:
    from ..record.replay import Judged
    from ..session.facts import Fact

_SHOWN: Final = ("physiological", "technical", "phase", "dose", "observation", "hold", "baseline", "discharge", "audio")


def judged_by(name: str | None) -> Judged | None:
    """What `--profile` names, or None."""
    if name is None:
        return None
    from .. import profiles
    from ..record.replay import Judged
    from ..session.profile_sign import record_of

    found = profiles.find(name)
    profile = profiles.load(found)
    text = "" if profile.only_limits else profiles.read_text(found.path)
    return Judged(profile, text, record_of(profile))


def record_named(source: Path | None) -> Path:
    """The record that is meant: a session's folder or a CSV; without one the latest session, which is named."""
    from ..record.folder import find_session

    if source is not None and source.is_file() and source.suffix.lower() == ".csv":
        return source
    return find_session(source)


@click.command()
@click.argument("source", metavar="[SESSION|CSV]", required=False, type=click.Path(path_type=Path))
@click.option("--profile", metavar="NAME", help="Judge it by this profile [a session's own; default limits for a CSV].")
@click.option(
    "--speed", default="max", show_default=True, metavar="N|max", help="So many times as fast as it happened."
)
@click.option("--id", "who", default="", help="Whose rows, in a CSV of several people.")
@click.option("--values", is_flag=True, help="Print the readings too, not only what came of them.")
@json_option
def command(source: Path | None, profile: str | None, speed: str, who: str, values: bool, as_json: bool) -> None:
    """Run a record again through a profile, at any speed.

    SESSION is a session's folder, CSV a vitals.csv or a series t_s,spo2,pr,sbp,dbp,map. Without either it is the latest
    session. Alarms, phases, what was due and what was advised are printed as they come, marked REPLAYED. The same code
    judges as it does live.

    \b
    Examples:
      vitalwire replay                                          the latest session, by its own profile
      vitalwire replay --profile our.toml --speed 60
      vitalwire replay night.csv --profile general --json
    """
    from ..record.replay import replay_record

    factor = _factor(speed)
    path = record_named(source)
    say(f"replaying {path}")
    judged = judged_by(profile)
    begin: tuple[float, int] | None = None
    alarms = 0
    with uncollected():
        for fact in replay_record(path, judged, who):
            t_ms = getattr(fact, "t_ms", None)
            if t_ms is None:
                continue
            begin = begin or (time.monotonic(), t_ms)
            if factor is not None:
                _wait(begin, t_ms, factor)
            alarms += getattr(fact, "kind", "") == "physiological" and getattr(fact, "state", "") == "raised"
            for line in _lines(fact, begin[1], values, as_json):
                click.echo(line)
    say(f"{alarms} alarms of the patient were raised; by {judged.name if judged else 'its own rules'}")


def _factor(speed: str) -> float | None:
    if speed == "max":
        return None
    try:
        factor = float(speed)
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1e6:
        raise click.BadParameter(f"{speed[:20]!r} is neither a number above 0 nor max.", param_hint="--speed")
    return factor


def _wait(begin: tuple[float, int], t_ms: int, factor: float) -> None:
    """Sleeps until what was recorded at `t_ms` would come."""
    wait_s = begin[0] + (t_ms - begin[1]) / 1000 / factor - time.monotonic()
    if wait_s > 0:
        time.sleep(wait_s)


def _lines(fact: Fact, begin_ms: int, values: bool, as_json: bool) -> Iterator[str]:
    from ..session.facts import Happening, Vitals
    from .monitor_plain import fact_text

    if isinstance(fact, Happening) and fact.kind not in _SHOWN:
        return
    if isinstance(fact, Vitals) and not values:
        return
    if as_json:
        print_json(_plain(fact, begin_ms))
        return
    text = fact_text(fact, begin_ms)
    if text is not None:
        yield f"{text}  REPLAYED"


def _plain(fact: Fact, begin_ms: int) -> dict[str, Any]:
    about: dict[str, Any] = {"type": type(fact).__name__.lower(), "replayed": True}
    for name in fact.__dataclass_fields__:
        value = getattr(fact, name)
        if value not in (None, "", ()) and name not in ("utc_ms", "t_ms", "device_ms", "boot", "seq"):
            about[name] = value
    about["elapsed_s"] = (getattr(fact, "t_ms", begin_ms) - begin_ms) / 1000
    return about
