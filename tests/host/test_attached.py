# SPDX-License-Identifier: Apache-2.0
"""A guarded session from a program: guarded as `monitor` guards one, recorded, and ended with the `with`."""

from __future__ import annotations

from pathlib import Path

import pytest

import vitalwire
from vitalwire.items import Event, Reading, Wave

SIM = "sim://?speed=max&patient=esketamine"


def test_what_happens_is_iterated_to_the_end_and_is_what_was_recorded(tmp_path: Path) -> None:
    with vitalwire.attach_session(SIM, minutes=3, every_s=120, bed="bay 2", out=tmp_path) as session:
        items = list(session.items())
    assert session.folder is not None
    assert items == list(vitalwire.open_record(session.folder))
    assert {type(item) for item in items} == {Reading, Event, Wave}
    assert session.snapshot is not None
    assert session.snapshot.finished
    assert session.summary.complete
    assert not session.running


def test_leaving_the_with_ends_the_session_and_closes_its_record(tmp_path: Path) -> None:
    with vitalwire.attach_session("sim://?speed=20", out=tmp_path) as session:
        first = next(item for item in session.items() if isinstance(item, Reading))
        session.act("start_cuff")
    assert "simulated" in first.flags
    assert session.folder is not None
    record = vitalwire.open_record(session.folder)
    assert record.state == "closed"
    assert any(e.name == "session" and e.state == "ended" for e in record.events())


def test_a_profile_guards_with_its_own_limits_and_asks_who_it_is_for(tmp_path: Path) -> None:
    with pytest.raises(vitalwire.UsageError, match="give patient and by"):
        vitalwire.attach_session(SIM, profile="esketamine-nasal", out=tmp_path)
    with vitalwire.attach_session(SIM, profile="general", patient="P-1", by="AM", minutes=1, out=tmp_path) as session:
        pass
    assert session.folder is not None
    assert vitalwire.open_record(session.folder).origin.profile.startswith("general")
    assert vitalwire.open_record(session.folder).origin.patient == "P-1"


@pytest.mark.parametrize("every_s", [120, 7200])
def test_the_board_takes_every_cuff_interval_that_is_allowed_and_guards(every_s: int, tmp_path: Path) -> None:
    with vitalwire.attach_session(SIM, every_s=every_s, minutes=1, out=tmp_path) as session:
        events = [item for item in session.items() if isinstance(item, Event)]
    assert any(e.name == "session_begin" for e in events)
    assert not any("refused" in e.detail for e in events)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"every_s": 60}, "every_s"),
        ({"every_s": 7201}, "every_s"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 1000}, "minutes"),
        ({"patient": "../etc"}, "patient"),
        ({"bed": "a\nb"}, "bed"),
        ({"profile": "no-such"}, "no-such"),
    ],
)
def test_what_the_board_or_the_record_would_not_take_is_refused_before_anything_begins(
    given: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(vitalwire.UsageError, match=said):
        vitalwire.attach_session(SIM, out=tmp_path, **given)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_board_that_is_not_there_is_an_error_of_entering(tmp_path: Path) -> None:
    with (
        pytest.raises(vitalwire.VitalwireError, match=r"there is no"),
        vitalwire.attach_session("/dev/no-such-port", out=tmp_path),
    ):
        pass
