# SPDX-License-Identifier: Apache-2.0
"""`vitalwire calibrate` as a technician runs it, on a fake board with its cuff on a cylinder."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cylinder_board import CylinderBoard, Sensors, connected

from vitalwire.cli.main import run
from vitalwire.errors import UsageError
from vitalwire.link.board import Board
from vitalwire.service.calibrate.plan import Point, left_plan, pressure_plan
from vitalwire.service.calibrate.readers import ByHand
from vitalwire.service.calibrate.session import PressureWalk
from vitalwire_protocol import codec

REFERENCE = ("--by", "AM", "--reference-make", "Fluke 718", "--reference-serial", "123")
VALID = ("--reference-due", "2026-12-31")


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> CylinderBoard:
    """The board that every command of a test opens."""
    made = CylinderBoard(Sensors(cuff_zero=2.5, cuff_gain=1.012, guard_zero=-4, guard_gain=0.98, lag=0.4))

    def opened(_port: str | None = None, **_options: object) -> Board:
        made.closed = False
        return connected(made)

    for name in ("calibrate_pressure", "calibrate_oximeter"):
        monkeypatch.setattr(f"vitalwire.cli.{name}.open_board", opened)
    return made


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    path = tmp_path / "readings.csv"
    lines = ["point,direction,reference_mmhg"]
    for point in (*pressure_plan(), *left_plan()):
        lines.append(f"{point.mmhg},{point.direction},{point.mmhg + 0.7 if point.mmhg else 0}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_calibration_from_a_file_of_readings(
    transport: CylinderBoard, readings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "kept"
    plot = tmp_path / "residuals.svg"
    given = ["--readings", str(readings), "--store", str(store), *REFERENCE, *VALID, "--room-degc", "21.5"]
    assert run(["calibrate", "pressure", *given, "--plot", str(plot)]) == 0
    said = capfd.readouterr()
    assert "CALIBRATED: due again on 2027-01-01; as left measured" in said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert "cuff  gain -1.21 %  offset +2.62 mmHg" in said.out
    assert plot.read_bytes().startswith(b"<?xml")
    (path,) = (store / "FAKE0001").iterdir()
    record = json.loads(path.read_text())
    assert (record["result"], record["due"], record["by"]) == ("adjusted", "2027-01-01", "AM")
    assert record["reference"] == {"make": "Fluke 718", "serial": "123", "due": "2026-12-31", "simulated": False}
    assert record["room_degc"] == 21.5
    assert (len(record["points"]), len(record["left_points"])) == (11, 2)
    assert transport.calibrations[codec.Calibration.CUFF].due_days == 9862
    assert run(["calibrate", "history", "--store", str(store)]) == 0
    assert "FAKE0001" in capfd.readouterr().out


def test_a_check_adjusts_nothing_and_fails_with_code_1(
    transport: CylinderBoard, readings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ["--readings", str(readings), "--store", str(tmp_path / "kept"), *REFERENCE, *VALID]
    assert run(["calibrate", "pressure", "--check", "--json", *given]) == 1
    said = capfd.readouterr()
    assert json.loads(said.out)["result"] == "failed"
    assert "the check failed: cuff: error +4.7 mmHg at 150 mmHg coming down" in said.err
    assert transport.calibrations == {}
    assert run(["calibrate", "pressure", *given]) == 0
    assert run(["calibrate", "pressure", "--check", *given]) == 0
    assert "PASSED" in capfd.readouterr().err


def test_a_board_with_a_broken_sensor_is_refused_and_the_refusal_is_kept(
    transport: CylinderBoard, readings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    transport.sensors = Sensors(cuff_gain=1.08)
    store = tmp_path / "kept"
    given = ["--readings", str(readings), "--store", str(store), *REFERENCE, *VALID]
    assert run(["calibrate", "pressure", *given]) == 1
    said = capfd.readouterr().err
    assert "not calibrated, the board is as it was: cuff: gain -7.4 %" in said
    (path,) = (store / "FAKE0001").iterdir()
    assert json.loads(path.read_text())["result"] == "refused"
    assert transport.calibrations == {}


def test_a_reference_that_is_itself_overdue_is_refused_before_anything_is_inflated(
    transport: CylinderBoard, readings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ["--readings", str(readings), "--store", str(tmp_path), *REFERENCE, "--reference-due", "2025-12-31"]
    assert run(["calibrate", "pressure", *given]) == 1
    assert "Fluke 718 no. 123 was due" in capfd.readouterr().err
    assert transport.holds == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Who does it is not given; give --by"),
        (["--by", "AM"], "give --reference-make"),
        ([*REFERENCE], "give --reference-due"),
        ([*REFERENCE, "--reference-due", "tomorrow"], "'tomorrow' is no date"),
        ([*REFERENCE, *VALID], "give --readings FILE"),
        (["--plot", "x.gif"], ".png or a .svg"),
        (["--readings", "nowhere.csv"], "nowhere.csv: No such file"),
    ],
)
def test_what_nobody_can_be_asked_for_is_named(
    transport: CylinderBoard, arguments: list[str], words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(["calibrate", "pressure", "--store", str(tmp_path / "kept"), *arguments]) == 2
    said = capfd.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert transport.holds == []


def test_an_adjusted_board_has_its_record_also_where_the_last_points_fail(
    transport: CylinderBoard, readings: Path, tmp_path: Path
) -> None:
    transport.unplug_at_hold = 12
    store = tmp_path / "kept"
    given = ["--readings", str(readings), "--store", str(store), *REFERENCE, *VALID]
    assert run(["calibrate", "pressure", *given]) == 5
    (path,) = (store / "FAKE0001").iterdir()
    record = json.loads(path.read_text())
    assert (record["result"], record["left_points"]) == ("adjusted", [])


def test_the_simulated_finger_calibrates_the_oximeter_by_the_command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = run(["calibrate", "oximeter", "sim://?speed=max", "--store", str(tmp_path)])
    said = capfd.readouterr()
    assert "SIMULATED" in said.err
    assert (code, "CALIBRATED" in said.err) == (0, True) or (code == 6 and "vitalwire flash" in said.err)


def test_a_person_types_what_the_manometer_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    walk = PressureWalk((Point(150, "up"),))
    monkeypatch.setattr("sys.stdin", io.StringIO("abc\n15\n150,4\n"))
    reader = ByHand(said.append)
    walk.begin()
    reader.begin(walk)
    value = None
    for _ in range(10_000):
        value = reader.read(walk)
        if value is not None:
            break
    assert value == 150.4
    assert said[0].startswith("150 mmHg going up  (point 1 of 1)")
    assert [line for line in said if "no reading near 150" in line] == [
        "  'abc' is no reading near 150 mmHg; type it again:",
        "  '15' is no reading near 150 mmHg; type it again:",
    ]


def test_an_input_that_ends_is_said_and_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = PressureWalk((Point(150, "up"),))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    reader = ByHand(lambda _text: None)
    walk.begin()
    reader.begin(walk)

    def until_the_end() -> None:
        for _ in range(100_000):
            reader.read(walk)

    with pytest.raises(UsageError, match="--readings FILE"):
        until_the_end()


def test_ctrl_c_empties_the_cuff_and_says_what_the_board_says_of_it(
    transport: CylinderBoard, readings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def pressed(_self: object, _walk: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr("vitalwire.service.calibrate.readers.FromFile.read", pressed)
    given = ["--readings", str(readings), "--store", str(tmp_path / "kept"), *REFERENCE, *VALID]
    assert run(["calibrate", "pressure", *given]) == 130
    assert "stopped: the board says that the cuff is empty" in capfd.readouterr().err
    assert transport.true_mmhg == 0.0


def test_who_did_it_is_something_that_a_record_can_hold(capfd: pytest.CaptureFixture[str]) -> None:
    for who in ("A\udcff", "\x1b[2J", "A" * 101):
        assert run(["calibrate", "pressure", "sim://?cuff_on=cylinder&speed=max", "--by", who]) == 2
        assert "cannot go into a record" in capfd.readouterr().err
