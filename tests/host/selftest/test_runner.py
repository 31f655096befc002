# SPDX-License-Identifier: Apache-2.0
"""What a self-test does when it is stopped, loses its link, or meets a board that comes back late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import vitalwire
from vitalwire.cli.main import run
from vitalwire.errors import LinkLost, Refused, VitalwireError
from vitalwire.link.board import Board
from vitalwire.service import emptying as module
from vitalwire.service.emptying import EMPTY, NOT_KNOWN, empty_cuff, emptying
from vitalwire.service.selftest.catalogue import BY_ID
from vitalwire.service.selftest.judge import Outcome
from vitalwire.service.selftest.run import Runner
from vitalwire_protocol.codec import HoldPressure, ServiceFlags

URL = "sim://?speed=max&cuff_on=cylinder"


class Shown:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.outcomes: list[Outcome] = []

    def begins(self, test: object) -> None: ...
    def progress(self, test: object, done_pct: int, left_s: int | None) -> None: ...

    def ended(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def note(self, text: str) -> None:
        self.said.append(text)


class Nobody:
    def ask(self, question: str) -> bool | None: ...
    def sees(self, received: object) -> None: ...

    def tell(self, what: str) -> bool:  # noqa: ARG002
        return False


class Pressing(Nobody):
    """Presses Ctrl-C as soon as the cuff holds some pressure."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def sees(self, received: object) -> None:  # noqa: ARG002
        truth = self.board.truth()
        if truth is not None and float(str(truth["cuff_mmhg"])) > 40:
            raise KeyboardInterrupt


@pytest.fixture
def board() -> Iterator[Board]:
    with vitalwire.open_board(URL) as opened:
        opened.pause(2)
        yield opened


def pressure(board: Board) -> float:
    truth = board.truth()
    assert truth is not None
    return float(str(truth["cuff_mmhg"]))


def test_ctrl_c_waits_until_the_board_says_that_the_cuff_is_empty(board: Board) -> None:
    shown = Shown()
    runner = Runner(board, Pressing(board), True, lambda: pytest.fail("nothing is opened again"))
    with pytest.raises(KeyboardInterrupt):
        runner.run([BY_ID["heap"], BY_ID["leak"], BY_ID["dump"]], shown)
    assert shown.said == [EMPTY]
    assert pressure(board) < 15
    assert [(o.test.id, o.verdict) for o in runner.outcomes] == [("heap", "passed"), ("leak", "aborted")]


def test_a_board_that_does_not_confirm_it_is_said_loudly(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_self: Board) -> None:
        raise LinkLost("the link ended")

    monkeypatch.setattr(Board, "stop_cuff", lost)
    shown = Shown()
    with pytest.raises(KeyboardInterrupt):
        Runner(board, Pressing(board), True, lambda: board).run([BY_ID["leak"]], shown)
    assert shown.said == [NOT_KNOWN]


def hold_70_mmhg(board: Board) -> None:
    board.command(HoldPressure.request(70, 20, int(ServiceFlags.CUFF_ON_CYLINDER)), wait=False)
    while pressure(board) < 60:
        board.pause(0.2)


def test_the_boards_answer_alone_is_no_proof_of_an_empty_cuff(board: Board) -> None:
    """The valves are open by then, and the cuff is not empty yet."""
    hold_70_mmhg(board)
    board.stop_cuff()
    assert pressure(board) > 15
    assert empty_cuff(board)
    assert pressure(board) < 15


def test_a_cuff_that_stays_inflated_is_never_called_empty(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Board, "stop_cuff", lambda _self: None)
    monkeypatch.setattr(module, "WITHIN_S", 5)
    hold_70_mmhg(board)
    assert not empty_cuff(board)


def test_a_board_that_refuses_is_left_alone() -> None:
    """It may guard a session whose host is gone; its reading is not ours to stop."""

    def never() -> Board:
        pytest.fail("the board is not to be touched")

    with pytest.raises(Refused), emptying(never, lambda _text: None):
        raise Refused("x", refusal="session_open")


def test_a_link_that_is_lost_names_the_test_and_the_cuff_and_keeps_what_was_measured(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "result.json"
    code = run(["selftest", "sim://?speed=max&fault=usb_unplug@30", "heap", "leak", "dump", "--out", str(out)])
    err = capfd.readouterr().err
    assert code == 5
    assert "in the test of leak at 250 mmHg" in err
    assert NOT_KNOWN in err
    result = json.loads(out.read_text())
    assert result["result"] == "incomplete"
    assert {test["id"]: test["verdict"] for test in result["tests"]} == {"heap": "passed", "leak": "aborted"}


def test_a_file_that_cannot_be_written_is_found_before_anything_is_tested(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["selftest", "sim://?speed=max", "heap", "--out", "/there/is/no/such/folder.json"]) == 2
    err = capfd.readouterr().err
    assert "cannot be written" in err
    assert "memory" not in err


class Away:
    """A board whose port goes with the watchdog's bite."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._board, name)

    def poll(self, timeout_s: float) -> None:  # noqa: ARG002
        raise LinkLost("the port is gone")

    def close(self) -> None:
        self.closed = True


def test_a_port_that_comes_back_late_is_opened_again_without_haste(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("vitalwire.service.selftest.run.sleep", pauses.append)

    def reopen() -> Board:
        if len(pauses) < 4:
            raise VitalwireError("not there yet")
        board.pause(8)  # the board itself was restarted meanwhile
        return board

    away: Any = Away(board)
    runner = Runner(away, Nobody(), False, reopen)
    runner.run([BY_ID["watchdog"], BY_ID["heap"]], Shown())
    assert away.closed
    assert len(pauses) == 4
    assert [(o.test.id, o.verdict) for o in runner.outcomes] == [("watchdog", "passed"), ("heap", "passed")]


def test_a_port_that_never_comes_back_ends_the_run(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitalwire.service.selftest.run.sleep", lambda s: board.pause(s * 10))

    def reopen() -> Board:
        raise LinkLost("not there")

    away: Any = Away(board)
    with pytest.raises(LinkLost, match="in the test of watchdog"):
        Runner(away, Nobody(), False, reopen).run([BY_ID["watchdog"], BY_ID["heap"]], Shown())


def test_a_refusal_that_is_the_boards_is_no_outcome_of_a_test(board: Board) -> None:
    board.begin_session(max_minutes=10)
    runner = Runner(board, Nobody(), False, lambda: board)
    shown = Shown()
    with pytest.raises(Refused, match="end the session first"):
        runner.run([BY_ID["heap"], BY_ID["clock"]], shown)
    assert runner.outcomes == []
    assert shown.said == []


def test_clocks_are_compared_by_the_quickest_messages() -> None:
    """Delays of some ms, as USB and a busy computer have them, are no drift."""
    import random

    from vitalwire.link.clockfit import ClockFit

    for seed in range(200):
        generator = random.Random(seed)
        fit = ClockFit()
        for second in range(90):
            for part in (0, 250, 500, 750):
                device = 1000 * second + part
                fit.observe(device, device + 5 + round(generator.expovariate(1 / 3)))
        assert fit.drift_known
        assert abs(fit.drift_ppm) < 100, seed
