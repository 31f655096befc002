# SPDX-License-Identifier: Apache-2.0
"""`vitalwire selftest` on the simulated board: what is measured, what ends it, and that the cuff is empty after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import vitalwire
from vitalwire.cli.main import run
from vitalwire.link.board import Board
from vitalwire.link.events import Received
from vitalwire.link.sim_options import patients
from vitalwire.service.selftest.catalogue import BY_ID, CATALOGUE
from vitalwire_protocol.codec import (
    Abort,
    CuffStart,
    HeldPressure,
    HoldPressure,
    Selftest,
    SelftestEnd,
    SelftestProgress,
    SelftestRun,
    SelftestValue,
    ServiceFlags,
)

CYLINDER = int(ServiceFlags.CUFF_ON_CYLINDER)
URL = "sim://?speed=max&cuff_on=cylinder"


@pytest.fixture
def board() -> Iterator[Board]:
    with vitalwire.open_board(URL) as opened:
        opened.pause(2)
        yield opened


def truth(board: Board, name: str) -> float:
    found = board.truth()
    assert found is not None
    value = found[name]
    assert isinstance(value, int | float)
    return float(value)


def refusal(board: Board, command: object) -> str:
    with pytest.raises(vitalwire.errors.Refused) as caught:
        board.command(command)  # type: ignore[arg-type]
    return str(caught.value.refusal)


def test_quick_needs_no_cuff_and_says_what_is_not_done(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["selftest", "sim://?speed=max", "--quick", "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert result["result"] == "incomplete"
    assert {test["id"] for test in result["tests"]} == {test.id for test in CATALOGUE if not test.inflates}
    assert [test["id"] for test in result["tests"] if test["verdict"] != "passed"] == []


@pytest.mark.slow
@pytest.mark.parametrize("interpreter", ["micropython", "cpython"])
def test_a_healthy_board_passes_them_all_and_gets_a_certificate(
    interpreter: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITALWIRE_CALIBRATIONS", str(tmp_path / "calibrations"))
    url = f"sim://?speed=max&flash={tmp_path / 'flash'}&interpreter={interpreter}"
    assert run(["calibrate", "pressure", f"{url}&cuff_on=cylinder"]) == 0
    assert run(["calibrate", "oximeter", url]) == 0
    out = tmp_path / "result.json"
    arguments = ["selftest", url, "--out", str(out), "--by", "AM"]
    if interpreter == "cpython":  # it has no heap of the board's kind to look at
        assert run(arguments) == 0
        result = json.loads(out.read_text())
        assert [t["id"] for t in result["tests"] if t["verdict"] != "passed"] == ["heap"]
        return
    assert run([*arguments, "--certificate", str(tmp_path / "certificates")]) == 0
    result = json.loads(out.read_text())
    assert result["result"] == "passed"
    assert {test["id"] for test in result["tests"]} == set(BY_ID)
    assert all(value["verdict"] == "passed" for test in result["tests"] for value in test["values"])
    assert list((tmp_path / "certificates").glob("SIM00001_*.pdf"))
    assert "P A S S E D" in capfd.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("patient", patients())
def test_on_any_arm_the_pulse_is_seen_at_80_mmhg_and_nothing_more_is_inflated(
    patient: str, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"sim://?speed=max&cuff_on=arm&patient={patient}"
    assert run(["selftest", url, "leak", "pump", "--json"]) == 1
    tests = {test["id"]: test for test in json.loads(capfd.readouterr().out)["tests"]}
    first, second = tests["pump"], tests["leak"]
    assert first["reason"].startswith("a pulse was seen")
    assert second["verdict"] == "not_done"
    assert second["reason"].startswith("a pulse was seen before")


@pytest.mark.parametrize("patient", ["afib", "bradycardia", "hypotensive"])
def test_no_arm_gets_more_than_the_look_at_80_mmhg(patient: str) -> None:
    with vitalwire.open_board(f"sim://?speed=max&cuff_on=arm&patient={patient}") as board:
        board.pause(2)
        highest = 0.0

        def watch(_received: Received) -> None:
            nonlocal highest
            highest = max(highest, truth(board, "cuff_mmhg"))

        assert board.run(SelftestRun.request(Selftest.LEAK, CYLINDER), watch).value == SelftestEnd.PULSE_SEEN
        assert 60 < highest < 95


def test_a_held_pressure_is_stopped_by_a_pulse() -> None:
    with vitalwire.open_board("sim://?speed=max&cuff_on=arm") as board:
        board.pause(2)
        answer = board.command(HoldPressure.request(100, 20, CYLINDER))
        assert answer.value == SelftestEnd.PULSE_SEEN
        board.pause(1)
        assert truth(board, "cuff_mmhg") < 15


def test_nothing_is_inflated_without_a_persons_word(board: Board) -> None:
    assert refusal(board, SelftestRun.request(Selftest.LEAK, 0)) == "wait_for_person"
    assert refusal(board, HoldPressure.request(50, 5, 0)) == "wait_for_person"
    assert truth(board, "cuff_mmhg") == 0


def test_everything_of_service_is_refused_while_a_session_is_open(board: Board) -> None:
    board.begin_session(max_minutes=10)
    for command in (SelftestRun.request(Selftest.HEAP, 0), HoldPressure.request(50, 5, CYLINDER)):
        assert refusal(board, command) == "session_open"


def test_a_session_and_a_reading_wait_for_a_test(board: Board) -> None:
    said: list[str] = []

    def watch(received: Received) -> None:
        if isinstance(received.message, SelftestProgress) and not said:
            said.append("asked")
            board.tell(CuffStart.request())

    answer = board.run(SelftestRun.request(Selftest.OXIMETER_FIFO, 0), watch)
    assert answer.value == SelftestEnd.DONE
    assert said
    assert truth(board, "cuff_mmhg") == 0, "the reading was refused"


@pytest.mark.parametrize("above_mmhg", [0, 30, 79])
@pytest.mark.parametrize("how", ["abort", "button"])
def test_whatever_stops_a_test_the_cuff_is_empty_after_it(board: Board, how: str, above_mmhg: int) -> None:
    done: list[float] = []

    def watch(_received: Received) -> None:
        if (
            not done
            and truth(board, "cuff_mmhg") >= above_mmhg
            and truth(board, "pump_running" if above_mmhg else "t_us")
        ):
            done.append(truth(board, "cuff_mmhg"))
            if how == "abort":
                board.tell(Abort.request())
            else:
                board.change_world("press", button="a")

    answer = board.run(SelftestRun.request(Selftest.LEAK, CYLINDER), watch)
    assert answer.value == (SelftestEnd.ABORTED if how == "abort" else SelftestEnd.BUTTON)
    assert done
    board.pause(3)
    assert truth(board, "cuff_mmhg") < 15
    assert not truth(board, "pump_running")


@pytest.mark.parametrize("from_above", [False, True], ids=["from below", "from above"])
def test_a_held_pressure_stays_where_it_is_asked_to_and_tells_its_means(board: Board, from_above: bool) -> None:
    held: list[HeldPressure] = []
    flags = CYLINDER | (int(ServiceFlags.FROM_ABOVE) if from_above else 0)

    def watch(received: Received) -> None:
        if isinstance(received.message, HeldPressure):
            held.append(received.message)

    assert board.run(HoldPressure.request(150, 10, flags), watch).value == SelftestEnd.DONE
    assert len(held) == 10
    assert [m.channels for m in held] == [3] * 10
    assert all(m.cuff_cmmhg is not None and abs(m.cuff_cmmhg - 15_000) < 400 for m in held)
    board.pause(1)
    assert truth(board, "cuff_mmhg") < 15


def test_a_pressure_beyond_the_range_or_the_time_is_refused(board: Board) -> None:
    for mmhg, seconds in ((251, 10), (100, 31), (100, 0)):
        assert refusal(board, HoldPressure.request(mmhg, seconds, CYLINDER)) == "bad_value"


def test_a_reading_after_a_test_is_as_ever(board: Board) -> None:
    assert board.command(SelftestRun.request(Selftest.SOUND, 0)).value == SelftestEnd.DONE
    values: list[SelftestValue] = []
    board.run(
        SelftestRun.request(Selftest.OXIMETER_NOISE, 0),
        lambda r: values.append(r.message) if isinstance(r.message, SelftestValue) else None,
    )
    assert [value.which for value in values] == [0, 1]
    board.pause(20)
    reading = next(iter(board.readings(timeout_s=5)))
    assert reading.spo2_pct is not None, "the LEDs are lit again"


def test_a_test_that_does_not_exist_is_a_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["selftest", "sim://", "laek"]) == 2
    assert "did you mean leak?" in capfd.readouterr().err


def test_without_a_terminal_and_without_a_word_the_cuff_stays_empty(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["selftest", "--list"]) == 0
    assert "leak at 250 mmHg" in capfd.readouterr().out
