# SPDX-License-Identifier: Apache-2.0
"""`--on-alarm`: a command for every alarm, which nothing waits for."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from vitalwire.cli.on_alarm import HookedFeed, words_of
from vitalwire.errors import UsageError
from vitalwire.feed import Update
from vitalwire.session.facts import Happening

RAISED = Happening(1000, 0, "physiological", "spo2_low", "raised", "high", 84.0, 90.0)


def update(*facts: Happening) -> Any:
    return Update(None, facts)  # type: ignore[arg-type]


def wait_for(path: Path, count: int) -> list[dict[str, Any]]:
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= count:
            return [json.loads(line) for line in lines]
        time.sleep(0.05)
    raise AssertionError(f"{count} alarms did not come")


def test_the_command_gets_each_alarm_as_json_and_in_its_environment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = "import os,sys; t=sys.stdin.read(); assert t == os.environ['VITALWIRE_ALARM']; "
    code += f"open({str(out)!r}, 'a').write(t + chr(10))"
    feed = HookedFeed([sys.executable, "-c", code], lambda _text: None)
    feed.put(update(RAISED, Happening(1, 0, "physiological", "spo2_low", "cleared"), Happening(1, 0, "note", "note")))
    (alarm,) = wait_for(out, 1)
    assert (alarm["rule"], alarm["state"], alarm["priority"], alarm["value"]) == ("spo2_low", "raised", "high", 84.0)
    assert "detail" not in alarm
    feed.close()


def test_a_command_that_hangs_or_fails_holds_nothing_up_and_is_said_once() -> None:
    said: list[str] = []
    feed = HookedFeed([sys.executable, "-c", "import time; time.sleep(30)"], said.append)
    began_s = time.monotonic()
    for _ in range(200):
        feed.put(update(RAISED))
    assert time.monotonic() - began_s < 2
    assert said == ["vitalwire: the alarm command is too slow: alarms were left out"]
    feed.close()


def test_a_command_that_is_not_there_is_said_once() -> None:
    said: list[str] = []
    feed = HookedFeed(["/no/such/program"], said.append)
    for _ in range(3):
        feed.put(update(RAISED))
    end_s = time.monotonic() + 10
    while not said and time.monotonic() < end_s:
        time.sleep(0.02)
    time.sleep(0.2)
    assert said == ["vitalwire: the alarm command did not run: No such file or directory"]
    feed.close()


@pytest.mark.parametrize("command", ["", "  ", "say 'x"])
def test_what_is_no_command_is_refused(command: str) -> None:
    with pytest.raises(UsageError):
        words_of(command)
