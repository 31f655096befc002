# SPDX-License-Identifier: Apache-2.0
"""The walk on a board: what is held, when the reference is read, and what ends it. The cuff is empty whatever comes."""

from __future__ import annotations

from datetime import date

import pytest
from cylinder_board import CylinderBoard, Manometer, Sensors, connected

from vitalwire.errors import CheckFailed, Incompatible, LinkLost, Refused
from vitalwire.link.board import Board
from vitalwire.service.calibrate import pressure
from vitalwire.service.calibrate.outcome import Outcome
from vitalwire.service.calibrate.plan import Point, pressure_plan
from vitalwire.service.calibrate.run import measure, read_stored, scales
from vitalwire.service.calibrate.session import PressureWalk
from vitalwire_protocol import codec
from vitalwire_protocol.codec import SelftestEnd

DAYS = (date(2026, 1, 1), date(2027, 1, 1))
ONE_POINT = (Point(150, "up"),)


def adjust(transport: CylinderBoard, reader: Manometer | None = None) -> tuple[Board, Outcome]:
    board = connected(transport)
    outcome = pressure.adjust(board, reader or Manometer(transport), True, scales(read_stored(board)), DAYS)
    return board, outcome


def test_a_board_is_left_with_numbers_that_read_right() -> None:
    transport = CylinderBoard(Sensors(cuff_zero=2.5, cuff_gain=1.01, guard_zero=-3, guard_gain=0.985))
    board, outcome = adjust(transport)
    assert outcome.problems == ()
    now = read_stored(board)
    assert {one.due for one in now.values()} == {date(2027, 1, 1)}
    checked = pressure.check(board, Manometer(transport), True, scales(now))
    assert checked.problems == ()
    assert max(abs(e) for one in checked.channels.values() for e in one.found_mmhg) < 0.1


def test_every_point_is_an_inflation_of_its_own_and_is_vented_once_it_was_read() -> None:
    transport = CylinderBoard()
    adjust(transport)
    assert [hold.hold_mmhg for hold in transport.holds] == [point.mmhg for point in pressure_plan()]
    assert transport.aborted_holds == len(transport.holds), "nothing stays inflated that has served"
    assert max(hold.hold_s for hold in transport.holds) <= 30


def test_a_person_has_the_whole_30_s_and_may_be_slow() -> None:
    transport = CylinderBoard()
    board, walk = connected(transport), PressureWalk(ONE_POINT)
    measure(board, walk, Manometer(transport, by_hand=True, slow_s=15), True)
    assert transport.holds[0].hold_s == 30
    assert walk.taken[0].reference_mmhg == pytest.approx(150.7)


def test_the_boards_reading_is_the_mean_of_the_seconds_before_the_reference_was_read() -> None:
    transport = CylinderBoard()
    transport.falls_mmhg_s = 0.1
    board, walk = connected(transport), PressureWalk(ONE_POINT)
    measure(board, walk, Manometer(transport), True)
    (one,) = walk.taken
    assert one.cuff / 100 == pytest.approx(one.reference_mmhg + 0.2), "five seconds, whose middle lies two before"
    assert one.fell_mmhg == pytest.approx(-0.4)


def test_a_point_that_nobody_read_is_held_again_and_then_given_up() -> None:
    transport = CylinderBoard()
    board, walk = connected(transport), PressureWalk(ONE_POINT)
    with pytest.raises(CheckFailed, match=r"150 mmHg going up .* 3 attempts: the reference was not read"):
        measure(board, walk, Manometer(transport, by_hand=True, slow_s=99), True)
    assert len(transport.holds) == 3


def test_a_leak_makes_no_point() -> None:
    transport = CylinderBoard()
    transport.falls_mmhg_s = 0.5
    with pytest.raises(CheckFailed, match=r"the pressure moved by -2\.0 mmHg in 5 s: a leak"):
        measure(connected(transport), PressureWalk(ONE_POINT), Manometer(transport), True)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (SelftestEnd.PULSE_SEEN, "on a person"),
        (SelftestEnd.BUTTON, "a button"),
        (SelftestEnd.EXTERNAL_TRIPPED, "external safety layer"),
        (SelftestEnd.OVER_PRESSURE, "beyond the board's limit"),
    ],
)
def test_what_a_repeat_cannot_mend_ends_the_walk_at_once(end: SelftestEnd, words: str) -> None:
    transport = CylinderBoard()
    transport.end = end
    with pytest.raises(CheckFailed, match=words):
        adjust(transport)
    assert len(transport.holds) == 1
    assert transport.calibrations == {}


def test_a_board_that_could_not_inflate_is_asked_three_times() -> None:
    transport = CylinderBoard()
    transport.end = SelftestEnd.NOT_INFLATED
    with pytest.raises(CheckFailed, match="the board ended it: not inflated"):
        adjust(transport)
    assert len(transport.holds) == 3


def test_an_open_session_is_refused_with_what_to_do() -> None:
    transport = CylinderBoard()
    transport.session_open = True
    with pytest.raises(Refused, match="session open; end the session first"):
        adjust(transport)


def test_without_a_person_who_has_looked_nothing_is_inflated() -> None:
    transport = CylinderBoard()
    with pytest.raises(Refused, match="--cuff-on-cylinder"):
        measure(connected(transport), PressureWalk(ONE_POINT), Manometer(transport), False)
    assert transport.holds == []


def test_the_boards_rest_is_waited_for() -> None:
    transport = CylinderBoard()
    reader = Manometer(transport)
    measure(connected(transport), PressureWalk((Point(50, "up"), Point(100, "up"))), reader, True)
    assert reader.rests >= 20
    assert len(transport.holds) == 2


def test_ctrl_c_vents_and_changes_nothing() -> None:
    class Interrupted(Manometer):
        def read(self, walk: object) -> float | None:  # noqa: ARG002
            raise KeyboardInterrupt

    transport = CylinderBoard()
    with pytest.raises(KeyboardInterrupt):
        adjust(transport, Interrupted(transport))
    assert any(isinstance(command, codec.Abort) for command in transport.commands)
    assert transport.true_mmhg == 0.0
    assert transport.calibrations == {}


def test_a_lost_link_is_said_and_not_waited_for() -> None:
    transport = CylinderBoard()
    transport.unplug_at_hold = 2
    with pytest.raises(LinkLost):
        adjust(transport)
    assert transport.calibrations == {}


def test_refused_numbers_leave_the_board_as_it_was() -> None:
    transport = CylinderBoard(Sensors(cuff_zero=5.0))
    _, outcome = adjust(transport)
    assert outcome.problems
    assert not any(isinstance(command, codec.CalibrationSet) for command in transport.commands)


def test_a_channel_that_the_board_refuses_takes_the_other_back() -> None:
    transport = CylinderBoard()
    transport.calibrations[codec.Calibration.CUFF] = codec.CalibrationStored(
        0, 0, codec.Calibration.CUFF, 9000, 9365, 111, 16300, ()
    )
    transport.set_refused = {codec.Calibration.GUARD}
    with pytest.raises(CheckFailed, match=r"guard: .*the board keeps its old calibration"):
        adjust(transport)
    kept = transport.calibrations[codec.Calibration.CUFF]
    assert (kept.zero, kept.gain, kept.days) == (111, 16300, 9000)


def test_a_channel_that_had_no_numbers_has_none_again_where_the_other_is_refused() -> None:
    transport = CylinderBoard()
    transport.set_refused = {codec.Calibration.GUARD}
    with pytest.raises(CheckFailed, match="guard"):
        adjust(transport)
    assert transport.calibrations == {}


def test_a_board_that_does_not_keep_what_it_was_given_is_found_out() -> None:
    transport = CylinderBoard()
    transport.forgets = True
    with pytest.raises(CheckFailed, match="does not read back"):
        adjust(transport)


def test_older_firmware_is_told_apart_from_a_board_without_calibration() -> None:
    transport = CylinderBoard()
    board = connected(transport)
    assert read_stored(board) == {}
    transport.refuse[codec.CalibrationGet.TYPE] = codec.Refusal.UNKNOWN_COMMAND
    with pytest.raises(Incompatible, match="vitalwire flash"):
        read_stored(board)


@pytest.mark.parametrize(("bit", "channel"), [(1, "cuff"), (2, "guard")])
def test_a_second_with_a_reading_that_is_not_valid_makes_no_point(bit: int, channel: str) -> None:
    walk = PressureWalk(ONE_POINT)
    walk.begin()
    for second in range(1, 11):
        walk.held(codec.HeldPressure(0, 0, 3 if second != 8 else 3 - bit, 15000, 400_000, 5, 1000 * second))
    walk.answer(150.0)
    walk.ended(SelftestEnd.DONE)
    assert walk.why_again == f"the {channel} channel had readings that are not valid"
    assert walk.taken == []


def test_the_reference_is_not_asked_for_before_the_air_has_cooled() -> None:
    walk = PressureWalk(ONE_POINT)
    walk.begin()
    asked = []
    for second in range(1, 12):
        walk.held(codec.HeldPressure(0, 0, 3, 15000, 400_000, 5, 1000 * second))
        asked.append((second, walk.asks, walk.full))
    assert next(second for second, asks, _ in asked if asks) == 5
    assert next(second for second, _, full in asked if full) == 10
