# SPDX-License-Identifier: Apache-2.0
"""Line protocol: what is written, what is escaped, and that a repeat is the same point."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from given import BOARD, SIMULATED, alarm, cuff, on_its_way, oximeter, wave
from hypothesis import given as for_all
from hypothesis import strategies as st

from vitalwire.encode.lines import escape, lines_of
from vitalwire.items import Event, Item

AT = 1_767_225_600_123


def line(item: Item, precision: str = "ns", **values: object) -> str:
    (found,) = lines_of(on_its_way(item, **values)[0], precision)  # type: ignore[arg-type]
    return found


def parse(text: str) -> tuple[str, dict[str, str], dict[str, str], int]:
    """A parser of the protocol's published grammar: measurement, tags, fields as they are written, timestamp."""

    def split(said: str, mark: str, at_most: int = 0, quotes: bool = False) -> list[str]:
        pieces, piece, quoted, place = [], "", False, 0
        while place < len(said):
            c = said[place]
            if c == "\\" and place + 1 < len(said):
                piece += said[place : place + 2]
                place += 2
                continue
            quoted ^= quotes and c == '"'
            if c == mark and not quoted and (not at_most or len(pieces) < at_most):
                pieces.append(piece)
                piece = ""
            else:
                piece += c
            place += 1
        return [*pieces, piece]

    def plain(said: str) -> str:
        return re.sub(r"\\([,= ])", r"\1", said)

    head, rest = split(text, " ", 1)
    fields, stamp = split(rest, " ", quotes=True)
    measurement, *tags = split(head, ",")
    pairs = [split(tag, "=", 1) for tag in tags]
    known = [split(one, "=", 1) for one in split(fields, ",", quotes=True)]
    return (
        measurement,
        {plain(k): plain(v) for k, v in pairs},
        {plain(k): v for k, v in known},
        int(stamp),
    )


def test_a_reading_is_one_line_with_what_was_measured() -> None:
    reading = oximeter(utc_ms=AT, spo2_pct=None, reasons=(("spo2_pct", "no_finger"),), flags=("observed",))
    assert line(reading) == (
        r"vitals,bed=bed\ 3,board=VW-0042,session=0000002a,simulated=false,source=oximeter "
        'pulse_bpm=64.0,perfusion_pct=1.85,quality=92i,seq=17i,reason_spo2_pct="no_finger",flags="observed",late=false '
        "1767225600123000000"
    )


def test_a_reading_of_the_cuff_has_the_pressures() -> None:
    _, tags, fields, _ = parse(line(cuff(utc_ms=AT)))
    assert tags["source"] == "cuff"
    assert (fields["sbp_mmhg"], fields["dbp_mmhg"], fields["map_mmhg"]) == ("122.0", "76.0", "91.0")
    assert "spo2_pct" not in fields


def test_an_alarm_has_its_name_and_state_as_tags_and_what_it_judged_as_fields() -> None:
    measurement, tags, fields, _ = parse(line(alarm("raised", detail='judged by "the host"; C:\\x')))
    assert (measurement, tags["name"], tags["state"], tags["priority"]) == ("events", "spo2_low", "raised", "high")
    assert (fields["value"], fields["limit"]) == ("88.0", "90.0")
    assert fields["detail"] == r'"judged by \"the host\"; C:\\x"'


def test_timestamps_are_exact() -> None:
    assert parse(line(oximeter(utc_ms=AT)))[3] == AT * 1_000_000
    assert parse(line(oximeter(utc_ms=AT), "ms"))[3] == AT


@pytest.mark.parametrize("rate_hz", [50, 100, 400, 3])
def test_each_sample_of_a_wave_has_its_own_time(rate_hz: int) -> None:
    said = [parse(text) for text in lines_of(on_its_way(wave(utc_ms=AT, rate_hz=rate_hz, lost=4))[0])]
    assert [(fields["red"], fields["ir"]) for _, _, fields, _ in said] == [
        ("50001i", "60001i"),
        ("50002i", "60002i"),
        ("50003i", "60003i"),
    ]
    assert [at - AT * 1_000_000 for *_, at in said] == [0, 10**9 // rate_hz, 2 * 10**9 // rate_hz]
    assert [fields.get("lost") for _, _, fields, _ in said] == ["4i", None, None]


def test_a_repeat_is_the_same_point() -> None:
    for item in (oximeter(), cuff(), alarm("raised"), Event(AT, "operator", "note", detail="seen")):
        first, again = line(item), line(item, repeated=True, late=True)
        assert parse(first)[:2] == parse(again)[:2]
        assert parse(first)[3] == parse(again)[3]


def test_two_things_said_in_the_same_millisecond_are_two_points() -> None:
    first, second = (Event(AT, "board", "console", detail=text) for text in ("first", "second"))
    assert parse(line(first))[:2] != parse(line(second))[:2]


def test_simulated_is_a_tag() -> None:
    assert parse(line(oximeter(), origin=SIMULATED))[1]["simulated"] == "true"


def test_what_has_no_form_is_left_out() -> None:
    fields = parse(line(alarm("raised", value=float("nan"), limit=float("inf"))))[2]
    assert set(fields) == {"late"}


@for_all(st.text(max_size=20), st.text(max_size=20))
def test_no_text_breaks_a_line(bed: str, detail: str) -> None:
    event = Event(AT, "operator", "note", detail=detail)
    text = line(event, origin=replace(BOARD, bed=bed))
    assert len(text.splitlines()) == 1
    measurement, tags, fields, stamp = parse(text)
    assert (measurement, stamp) == ("events", AT * 1_000_000)
    assert set(tags) - {"bed", "variant"} == {"board", "kind", "name", "session", "simulated"}
    assert set(fields) - {"detail"} == {"late"}
    assert tags.get("bed", "") == "".join(c if c.isprintable() else " " for c in bed).replace("\\", "/")


@pytest.mark.parametrize(
    ("text", "written"), [("bed\\", "bed/"), ("a\\,b", r"a/\,b"), ("a=b, c", r"a\=b\,\ c"), ("x\ty", r"x\ y")]
)
def test_what_a_tag_cannot_hold_is_escaped_or_replaced(text: str, written: str) -> None:
    assert escape(text) == written
