# SPDX-License-Identifier: Apache-2.0
"""Draws the pictures of the live screen for the read-me: a simulated guarded session, replayed to four moments.

make screens        writes host/screens/*.svg
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
URL = "sim://?patient=esketamine&seed=1&speed=max"
MINUTES = 14
SIZE = (80, 24)
MOMENTS = {"check-in": (9.0, ("k",)), "calm": (640.0, ()), "alarm": (752.0, ()), "link-lost": (790.0, ())}


def record(parent: Path) -> Path:
    """Runs the session whose screens are drawn."""
    from vitalwire import profiles
    from vitalwire.cli.demo import script
    from vitalwire.feed import Plan
    from vitalwire.pump import Pump
    from vitalwire.session.profile_sign import record_of

    found = profiles.find("esketamine-nasal")
    profile = profiles.load(found)
    plan = Plan(
        URL,
        parent,
        profile.limits,
        minutes=MINUTES,
        bed="bay 2",
        profile=record_of(profile),
        profile_text=profiles.read_text(found.path),
        patient="K-017",
        by="AM",
        script=script(),
    )
    folder = Pump(plan).run().folder
    assert folder is not None
    return folder


async def draw(folder: Path, name: str, at_s: float, keys: tuple[str, ...]) -> str:
    """The screen at `at_s` of the record, as SVG."""
    from vitalwire.cli.live.app import LiveApp
    from vitalwire.feed import Feed, Update
    from vitalwire.record.capture import read_capture
    from vitalwire.record.rebuild import replay, setup_of
    from vitalwire.session.core import Core
    from vitalwire.session.inputs import Kind, json_input

    capture = read_capture(folder / "capture.vwire")
    setup = setup_of(capture)
    core, until_ms = Core(setup), setup.started_t_ms + round(at_s * 1000)
    facts = []
    for item, found in replay(capture, core):
        if item.t_ms > until_ms:
            break
        facts += found
    if name == "link-lost":
        lost = json_input(Kind.LINK, until_ms, item.utc_ms, state="down", why="the cable was pulled out")
        facts += core.apply(lost)
    feed = Feed()
    feed.put(Update(core.snapshot(until_ms), tuple(facts)))
    app = LiveApp(feed, lambda *_a, **_k: None, lambda _who: None, lambda: None, lambda: "", bell=False)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.4)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        while time.monotonic() % 0.5 > 0.1:  # the bright half of a flash
            await asyncio.sleep(0.02)
        app.look()
        await pilot.pause(0.1)
        svg = app.export_screenshot(title=f"vitalwire monitor: {name.replace('-', ' ')}")
    # Nothing in the picture is fetched from anywhere: the reader's own fonts serve.
    return re.sub(r"@font-face\s*\{[^}]*\}", "", svg)


def main() -> None:
    """Writes every picture beside this file."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as parent:
        folder = record(Path(parent))
        for name, (at_s, keys) in MOMENTS.items():
            (HERE / f"{name}.svg").write_text(asyncio.run(draw(folder, name, at_s, keys)), encoding="utf-8")


if __name__ == "__main__":
    main()
