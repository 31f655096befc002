# SPDX-License-Identifier: Apache-2.0
"""`vitalwire stream --to`: a board or a session to other programs, and the list of what there is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import click

from ..delivery.hub import Hub
from ..delivery.live import Live
from ..delivery.run import Order, make_sinks, open_hub, run_follow, run_live, stream_name
from ..record.folder import is_session
from ..record.follow import follow
from ..sinks.registry import install_hint, load_kinds, missing
from .common import print_json, say, say_what_runs, terminable


def wants_session(source: str | None, followed: bool) -> bool:
    """Whether the source is a session: it was said so, or the folder of one is named."""
    return followed or (source is not None and "://" not in source and is_session(Path(source)))


def stream_board(port: str | None, order: Order, minutes: float | None) -> None:
    """From a board of which nobody else has the port."""
    made = make_sinks(order.urls)  # what cannot be meant is said before a board is asked for
    live = Live(port, lambda text: say(f"vitalwire: {text}"))
    try:
        say_what_runs(live.board)
        name = stream_name(live.board.identity.serial)
        hub = open_hub(order, made, name, _tell)
        hub.name_run(live.stream)
        _run(hub, order, lambda: run_live(live, hub, None if minutes is None else minutes * 60), lambda: False)
    finally:
        live.close()


def stream_session(session: str | None, order: Order, from_now: bool) -> None:
    """From a session's folder, while another program writes it or afterwards."""
    made = make_sinks(order.urls)
    with follow(session) as followed:
        say(f"session {followed.folder}")
        hub = open_hub(order, made, stream_name(followed.folder.name), _tell)
        _run(hub, order, lambda: run_follow(followed, hub, from_now=from_now), lambda: not followed.closed)


def _run(hub: Hub, order: Order, body: Callable[[], None], keep: Callable[[], bool]) -> None:
    """`keep`: asked at the end, whether an empty buffer stays, so that another run knows how far this one came."""
    hub.start()
    try:
        with terminable():
            body()
    except KeyboardInterrupt:
        say("vitalwire: interrupted; what waits is delivered now (again Ctrl-C leaves it in the buffer)")
        with contextlib.suppress(KeyboardInterrupt):
            _end(hub, order.drain_s, keep())
        raise
    except BaseException:
        _end(hub, order.drain_s, keep())
        raise
    _end(hub, order.drain_s, keep())
    problem = hub.problem()
    if problem is not None:
        raise problem


def _end(hub: Hub, drain_s: float, keep: bool) -> None:
    for standing in hub.end(drain_s, keep):
        more = [
            f"{count} {word}"
            for count, word in (
                (standing.repeated, "marked as repeated"),
                (standing.waiting, "wait"),
                (standing.refused, "not taken"),
                (standing.dropped, "LOST"),
            )
            if count
        ]
        say(f"{standing.name}: {standing.delivered} delivered" + "".join(f", {text}" for text in more))


def _tell(text: str) -> None:
    say(f"vitalwire: {text}")


def list_kinds(as_json: bool) -> None:
    """Every kind of sink: its URLs, what it needs, its options."""
    kinds, bad = load_kinds()
    if as_json:
        for kind in kinds:
            absent = missing(kind)
            print_json(
                {
                    "type": "sink",
                    "name": kind.name,
                    "schemes": list(kind.schemes),
                    "summary": kind.summary,
                    "example": kind.example,
                    "options": kind.options,
                    "ready": not absent,
                    "missing": absent,
                    "install": install_hint(kind) if absent else "",
                }
            )
    else:
        for kind in kinds:
            absent = missing(kind)
            state = f"needs {', '.join(absent)}: {install_hint(kind)}" if absent else "ready"
            click.echo(f"{kind.name:<11} {kind.summary}\n{'':<11} {kind.example}   [{state}]")
            for name, text in kind.options.items():
                click.echo(f"{'':<13} {name:<14} {text}")
    for text in bad:
        say(f"vitalwire: {text}")


__all__ = ["list_kinds", "stream_board", "stream_session", "wants_session"]
