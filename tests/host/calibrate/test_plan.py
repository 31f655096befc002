# SPDX-License-Identifier: Apache-2.0
"""Which pressures are held in which order, and what a file of readings and a reference must be."""

from __future__ import annotations

from datetime import date

import pytest

from vitalwire.errors import CheckFailed, UsageError
from vitalwire.link.calibration import of_wire, on_wire
from vitalwire.service.calibrate.days import months_later, parse_date
from vitalwire.service.calibrate.plan import (
    Point,
    Reference,
    left_plan,
    parse_number,
    parse_readings,
    parse_spo2_readings,
    pressure_plan,
    require,
)
from vitalwire_protocol.codec import ServiceFlags

HEAD = "point,direction,reference_mmhg\n"


def test_the_walk_goes_up_to_250_and_comes_back_to_zero() -> None:
    walked = [(point.mmhg, point.direction) for point in pressure_plan()]
    up = [(mmhg, "up") for mmhg in (0, 50, 100, 150, 200, 250)]
    assert walked == [*up, *((mmhg, "down") for mmhg in (200, 150, 100, 50, 0))]


def test_only_a_point_on_the_way_down_is_come_to_from_above() -> None:
    cylinder, above = int(ServiceFlags.CUFF_ON_CYLINDER), int(ServiceFlags.FROM_ABOVE)
    assert Point(100, "up").command(True, 30).flags == cylinder
    assert Point(100, "down").command(True, 30).flags == cylinder | above
    assert Point(100, "left").command(True, 30).flags == cylinder
    assert Point(0, "down").command(True, 30).flags == cylinder, "nothing lies above the open manifold"


def test_without_a_person_who_has_looked_no_flag_says_so() -> None:
    assert not Point(100, "up").command(False, 30).flags & ServiceFlags.CUFF_ON_CYLINDER


def test_no_point_is_asked_for_longer_than_30_s_or_above_250_mmhg() -> None:
    for point in (*pressure_plan(), *left_plan()):
        command = point.command(True, 30)
        assert (command.hold_s, command.hold_mmhg <= 250) == (30, True)


def test_a_file_of_readings_gives_each_point_its_reading() -> None:
    text = "# manometer 12\n" + HEAD + "0,up,0\n100, down ,100.7\n100,left,100.2\n"
    found = parse_readings(text, "file.csv")
    assert found == {Point(0, "up"): 0.0, Point(100, "down"): 100.7, Point(100, "left"): 100.2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("a,b\n", "its columns are a,b"),
        (HEAD + "100,sideways,1\n", "line 2: direction 'sideways'"),
        (HEAD + "100,up,x\n", "line 2: reference_mmhg: 'x' is no number from -20 to 320"),
        (HEAD + "100,up,nan\n", "is no number"),
        (HEAD + "300,up,300\n", "point: '300' is no number from 0 to 250"),
        (HEAD + "100,up\n", "line 2: it has 2 cells"),
        (HEAD + "100,up,1\n\n100,up,2\n", "line 4: 100 mmHg going up is there twice"),
    ],
)
def test_a_file_that_does_not_read_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"file\.csv") as error:
        parse_readings(text, "file.csv")
    assert words in str(error.value)


def test_a_file_without_all_points_says_which_are_missing() -> None:
    found = parse_readings(HEAD + "0,up,0\n", "file.csv")
    with pytest.raises(UsageError, match=r"lacks the points 50,up 100,up .* 0,down"):
        require(found, pressure_plan(), "file.csv")


def test_readings_of_saturation_keep_their_order() -> None:
    assert parse_spo2_readings("point,reference_spo2_pct\n97,96.5\n70,70\n", "f") == [(97, 96.5), (70, 70.0)]


@pytest.mark.parametrize(
    ("typed", "value"),
    [("100.5", 100.5), (" 100,5 \n", 100.5), ("-1", None), ("x", None), ("", None), ("inf", None), ("301", None)],
)
def test_a_typed_number_may_have_a_comma_and_must_be_near(typed: str, value: float | None) -> None:
    assert parse_number(typed, 0, 300) == value


def test_a_reference_is_good_on_its_last_day_and_refused_on_the_next() -> None:
    reference = Reference("Fluke 718", "123", date(2026, 6, 30))
    reference.check(date(2026, 6, 30))
    with pytest.raises(CheckFailed, match=r"Fluke 718 no\. 123 was due .* 2026-06-30; a board adjusted by it"):
        reference.check(date(2026, 7, 1))


def test_days_on_the_wire_count_from_2000() -> None:
    assert on_wire(date(2000, 1, 2)) == 1
    assert of_wire(on_wire(date(2026, 11, 27))) == date(2026, 11, 27)
    assert of_wire(0) is None, "zero says that no day was given"


def test_twelve_months_after_the_29th_of_february_is_the_28th() -> None:
    assert months_later(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert months_later(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_later(date(2026, 12, 15), 1) == date(2027, 1, 15)


@pytest.mark.parametrize("text", ["31.12.2026", "2026-13-01", "", "20261231"])
def test_what_is_no_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="--reference-due"):
        parse_date(text, "--reference-due")
