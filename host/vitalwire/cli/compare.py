# SPDX-License-Identifier: Apache-2.0
"""`vitalwire compare`."""

from __future__ import annotations

from pathlib import Path

import click

from .common import json_option, print_json, say
from .replay import judged_by, record_named


@click.command()
@click.argument("source", metavar="[SESSION|CSV]", required=False, type=click.Path(path_type=Path))
@click.option("--profile", "profiles", multiple=True, metavar="NAME", help="Twice: what is compared with what.")
@click.option("--id", "who", default="", help="Whose rows, in a CSV of several people.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it: .svg or .png.")
@json_option
def command(source: Path | None, profiles: tuple[str, ...], who: str, plot: Path | None, as_json: bool) -> None:
    """Which alarms come, go, or come earlier or later under another profile.

    The record is run again under both, by the code that judges live. One --profile is compared with the session's own
    rules (the default limits for a CSV). Exit code 0, whatever differs.

    \b
    Examples:
      vitalwire compare --profile our.toml
      vitalwire compare night.csv --profile general --profile our.toml --plot alarms.svg
    """
    from ..record.episodes import compare, episodes
    from ..record.replay import alarms_of, replay_record
    from ..session.facts import Vitals

    if not 1 <= len(profiles) <= 2:
        raise click.UsageError("--profile: name one (against the record's own rules) or two.")
    path = record_named(source)
    say(f"comparing {path}")
    named: list[str | None] = [None, *profiles] if len(profiles) == 1 else list(profiles)
    sides = [judged_by(name) for name in named]
    runs = [list(replay_record(path, judged, who)) for judged in sides]
    begin_ms = min((getattr(fact, "t_ms", 0) for fact in runs[0][:1]), default=0)
    lists = [episodes(alarms_of(run), begin_ms) for run in runs]
    differences = compare(*lists)
    titles = [judged.name if judged else "its own rules" for judged in sides]
    if titles[0] == titles[1]:
        titles = [name or "its own rules" for name in named]
    if as_json:
        for difference in differences:
            print_json(difference.as_json())
    else:
        for line in table(differences, titles):
            click.echo(line)
    if plot is not None:
        from ..report.compare_plot import draw

        vitals = [fact for fact in runs[0] if isinstance(fact, Vitals)]
        draw(plot, vitals, begin_ms, lists, titles, [judged.limits if judged else () for judged in sides])
        say(f"drawn in {plot}")


def table(differences: list, titles: list[str]) -> list[str]:  # type: ignore[type-arg]
    """A line an alarm, and the sums."""
    from ..record.times import span_text

    lines = [f"A is {titles[0]}, B is {titles[1]}", ""]
    if not differences:
        return [*lines, "no alarm under either"]
    lines.append(f"{'when':>12}  {'rule':12} {'verdict':22} {'A lasts':>10} {'B lasts':>10}  priority")
    for one in differences:
        shift = "" if not one.shift_s else f" by {abs(one.shift_s):g} s"
        lasts = [_lasts(episode) for episode in (one.a, one.b)]
        priority = "/".join(dict.fromkeys(e.priority for e in (one.a, one.b) if e is not None))
        word = {"gone": "only under A", "new": "only under B"}.get(one.verdict, one.verdict)
        when = span_text(one.begin_ms)
        lines.append(f"{when:>12}  {one.rule:12} {word + shift:22} {lasts[0]:>10} {lasts[1]:>10}  {priority}")
    counts = {word: sum(d.verdict == word for d in differences) for word in ("gone", "new", "earlier", "later", "same")}
    return [*lines, "", "  ".join(f"{count} {word}" for word, count in counts.items() if count)]


def _lasts(episode: object) -> str:
    if episode is None:
        return "-"
    begin_ms, end_ms = episode.begin_ms, episode.end_ms  # type: ignore[attr-defined]
    return "to the end" if end_ms is None else f"{(end_ms - begin_ms) / 1000:g} s"
