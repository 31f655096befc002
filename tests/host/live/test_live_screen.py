# SPDX-License-Identifier: Apache-2.0
"""The live screen as a person meets it: what it says, at which size, and what keys and mouse do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from vitalwire.cli.live import panels
from vitalwire.session.snapshot import AudioShown

Read = Callable[[Any], str]


def run(bed: Any, steps: Callable[[Any], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    async def body() -> None:
        async with bed.app.run_test(size=size) as pilot:
            await pilot.pause(0.3)
            await steps(pilot)

    asyncio.run(body())


def test_numbers_stand_with_their_age_and_quality(bed: Any, on_screen: Read) -> None:
    bed.measured()

    async def steps(_pilot: Any) -> None:
        said = on_screen(bed.app)
        assert "0 s ago, Q 92" in said
        assert "mean 97, 1:05 ago, Q 88" in said
        assert "no alarm" in said
        assert "CHECK IN 1/6" in said
        assert "bay 2  K-017  by AM  SIM00001" in said
        for mark in ("SIMULATED", "UNSIGNED"):
            assert mark in said

    run(bed, steps)


def test_an_absent_value_is_two_dashes_and_its_reason(bed: Any) -> None:
    bed.measured(None, None)
    assert panels.oximetry(replace(bed.snapshot, **bed.changes), "spo2_pct") == ("--", "no finger")


def test_a_lost_link_shows_no_number_and_says_so(bed: Any, on_screen: Read) -> None:
    bed.measured()
    bed.publish(oximetry=None, link="down", link_detail="the cable was pulled out")

    async def steps(_pilot: Any) -> None:
        said = on_screen(bed.app)
        assert "board not heard" in said
        assert "the cable was pulled out" in said

    run(bed, steps)


def test_a_reading_older_than_thirty_seconds_is_not_shown(bed: Any) -> None:
    bed.measured(age_ms=30_001)
    assert panels.oximetry(replace(bed.snapshot, **bed.changes), "pulse_bpm")[0] == "--"
    bed.measured(age_ms=30_000)
    assert panels.oximetry(replace(bed.snapshot, **bed.changes), "pulse_bpm")[0] == "71"


def test_an_alarm_names_value_limit_and_state_in_words(bed: Any, on_screen: Read) -> None:
    bed.measured()
    bed.alarm(latched=True)

    async def steps(pilot: Any) -> None:
        said = on_screen(bed.app)
        assert "!!! HIGH   SpO2 low 84.2 (limit 85 %)" in said
        assert "over, acknowledge it" in said
        assert "ALARM 0 s ago" in said
        await pilot.press("a")
        assert ("acknowledge", {}) in bed.acted

    run(bed, steps)


def test_flashes_are_those_of_the_standard() -> None:
    for priority, least_hz, most_hz in (("high", 1.4, 2.8), ("medium", 0.4, 0.8)):
        assert least_hz <= 1 / panels.PERIODS_S[priority] <= most_hz
        assert {panels.lit(priority, n * panels.PERIODS_S[priority] / 4) for n in range(4)} == {True, False}
    assert {panels.lit("low", n / 10) for n in range(30)} == {True}


def test_what_silences_is_always_visible(bed: Any) -> None:
    shown = replace(bed.snapshot, audio=AudioShown("off", None, "MRI", "AM", (("pulse_low", "athlete", "AM"),)))
    assert panels.audio(shown) == "SOUND OFF  OFF: pulse low"
    paused = replace(bed.snapshot, audio=AudioShown("paused", bed.t_ms + 90_000))
    assert panels.audio(paused) == "SOUND PAUSED 1:30"
    assert "SOUND PAUSED 1:30" in panels.alarms(paused, 0)[0].plain


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (200, 60), (30, 10)])
def test_it_is_usable_at_any_size(bed: Any, size: tuple[int, int], on_screen: Read) -> None:
    bed.measured()
    bed.alarm()

    async def steps(_pilot: Any) -> None:
        said = on_screen(bed.app)
        assert "HIGH" in said
        assert max(map(len, said.split("\n"))) <= size[0]

    run(bed, steps, size)


def test_without_colour_everything_is_there_in_words(
    bed: Any, monkeypatch: pytest.MonkeyPatch, on_screen: Read
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    bed.measured()
    bed.alarm()

    async def steps(_pilot: Any) -> None:
        said = on_screen(bed.app)
        assert "!!! HIGH" in said
        assert "SIMULATED" in said

    run(bed, steps)


def test_check_in_is_answered_with_keys_alone(bed: Any, on_screen: Read) -> None:
    bed.measured()

    async def steps(pilot: Any) -> None:
        assert "QUESTIONS OPEN" in on_screen(bed.app)
        await pilot.press("k")
        await pilot.pause(0.2)
        assert "Which arm has the cuff?" in on_screen(bed.app)
        await pilot.press("down", "enter")  # the second one: the cuff's arm
        await pilot.pause(0.2)
        await pilot.press("enter")  # left
        await pilot.pause(0.6)
        assert ("answer", {"id": "cuff_arm", "value": "left"}) in bed.acted
        await pilot.press("escape")

    run(bed, steps)


def test_a_dose_against_the_checks_asks_for_the_reason(bed: Any, on_screen: Read) -> None:
    bed.measured()

    async def steps(pilot: Any) -> None:
        await pilot.press("d")
        await pilot.pause(0.2)
        await pilot.press(*"28 mg", "enter")
        await pilot.pause(2.2)
        assert "Reason to go on all the same?" in on_screen(bed.app)
        await pilot.press(*"ok so", "enter")
        await pilot.pause(0.3)
        assert bed.acted[-1] == ("dose", {"text": "28 mg", "why": "ok so"})

    run(bed, steps)


def test_values_by_hand_are_typed_as_a_nurse_writes_them(bed: Any) -> None:
    async def steps(pilot: Any) -> None:
        await pilot.press("m")
        await pilot.pause(0.2)
        await pilot.press(*"118/76 rr 14", "enter")
        await pilot.pause(0.2)
        assert bed.acted[-1] == ("manual", {"sbp_mmhg": "118", "dbp_mmhg": "76", "breathing_rate": "14"})

    run(bed, steps)


def test_the_mouse_reaches_everything_too(bed: Any, on_screen: Read) -> None:
    bed.measured()

    async def steps(pilot: Any) -> None:
        await pilot.press("question_mark")
        await pilot.pause(0.2)
        assert "limits and their sources" in on_screen(bed.app)
        await pilot.click("OptionList", offset=(4, 9))
        await pilot.pause(0.3)
        assert "spo2 low" in on_screen(bed.app)
        await pilot.press("escape")

    run(bed, steps)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
def test_ending_is_asked_and_never_done_by_the_screen_itself(bed: Any, key: str) -> None:
    async def steps(pilot: Any) -> None:
        await pilot.press(key)
        await pilot.pause(0.2)
        assert bed.interrupts == ["q"]
        assert bed.app.is_running

    run(bed, steps)


def test_markup_in_a_label_is_text(bed: Any, on_screen: Read) -> None:
    bed.publish(bed="[red]x[/red]", notices=("[bold]no[/bold] \x1b",))

    async def steps(_pilot: Any) -> None:
        said = on_screen(bed.app)
        assert "[red]x[/red]" in said
        assert "[bold]no[/bold]" in said

    run(bed, steps)


def test_the_screen_ends_with_the_session(bed: Any) -> None:
    async def body() -> None:
        async with bed.app.run_test(size=(80, 24)) as pilot:
            bed.feed.close()
            await pilot.pause(0.8)
        assert not bed.app.is_running

    asyncio.run(body())
