# SPDX-License-Identifier: Apache-2.0
"""From the artery of a simulated patient to a number on the board, and the same number again on the host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import vitalwire
from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.cli.main import run
from vitalwire.errors import CheckFailed, Refused
from vitalwire.feed import Plan
from vitalwire.link.decoder import Decoder
from vitalwire.pump import Pump
from vitalwire.record.oscillogram_files import read
from vitalwire.record.rebuild import differences
from vitalwire.record.recompute import compare
from vitalwire_protocol import codec

CALM = "sim://?patient=calm&speed=max"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with one cuff cycle."""
    plan = Plan(CALM, tmp_path_factory.mktemp("out"), DEFAULT_LIMITS, every_s=300, minutes=1.5)
    summary = Pump(plan).run()
    assert (summary.cuff_good, summary.oscillograms) == (1, 1)
    assert summary.folder is not None
    return summary.folder


def test_a_session_has_the_oscillogram_and_every_file_follows_from_the_capture(session: Path) -> None:
    assert differences(session) == []
    from_capture, from_csv = (read(session / name) for name in ("capture.vwire", "oscillograms.csv"))
    assert from_capture.oscillograms == from_csv.oscillograms
    assert (from_capture.missing, from_capture.trouble, from_capture.note) == ([], "", "")


def test_the_recomputed_numbers_are_the_boards_to_the_last_digit(session: Path) -> None:
    (kept,) = read(session / "capture.vwire").oscillograms
    assert kept.result is not None
    assert kept.result.outcome == "ok"
    assert kept.beats[0].pressure_mmhg > kept.result.sbp_mmhg > kept.result.dbp_mmhg  # type: ignore[operator]
    again = vitalwire.recompute(kept)
    assert again == kept.result
    assert compare(kept).verdict == "equal"


@pytest.mark.parametrize("name", [".", "capture.vwire", "oscillograms.csv"])
def test_the_command_confirms_them(session: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    code = run(["recompute", str(session / name), "--json"])
    out, _ = capfd.readouterr()
    about = json.loads(out)
    assert code == 0
    assert about["verdict"] == "equal"
    assert about["recomputed"] == about["board"]
    assert "simulated" in about["flags"]


def test_one_changed_beat_is_found(session: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = (session / "oscillograms.csv").read_text(encoding="utf-8").splitlines()
    largest = max(range(1, len(rows)), key=lambda n: float(rows[n].rsplit(",", 1)[1]))
    head, amplitude = rows[largest].rsplit(",", 1)
    rows[largest] = f"{head},{float(amplitude) + 0.3:.3f}"
    path = tmp_path / "changed.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert run(["recompute", str(path)]) == 1
    assert "differs: " in capfd.readouterr().out


@pytest.mark.parametrize(
    "url",
    [
        "sim://?patient=ectopy&speed=max&seed=4",
        "sim://?patient=hypotensive&speed=max&seed=2",
        "sim://?patient=calm&speed=max&fault=arm_motion@15",
        "sim://?patient=calm&speed=max&fault=cuff_loose:coupling_pct=10@1",
    ],
)
def test_also_where_beats_are_early_few_or_disturbed(url: str) -> None:
    with vitalwire.open_board(url) as board:
        reading = board.start_cuff()
        kept = board.oscillogram(reading.cycle)
    assert kept.result is not None
    assert vitalwire.recompute(kept) == kept.result
    assert (kept.boot, kept.device_ms, kept.utc_ms) == (reading.boot, reading.device_ms, reading.utc_ms)


def test_the_library_asks_again_for_a_part_that_got_lost() -> None:
    with vitalwire.open_board(CALM) as board:
        reading = board.start_cuff()
        transport = board._transport
        read_all, dropped = transport.read, []

        def lossy(timeout_s: float) -> bytes:
            kept = b""
            for piece in read_all(timeout_s).split(b"\0"):
                (message,) = Decoder().feed(piece + b"\0") or (None,)
                if isinstance(message, codec.Oscillogram) and len(dropped) < 2:
                    dropped.append(message)
                    continue
                kept += piece + b"\0"
            return kept

        transport.read = lossy  # type: ignore[method-assign]
        kept = board.oscillogram(reading.cycle)
        assert len(dropped) == 2
        assert vitalwire.recompute(kept) == kept.result


def test_a_cycle_that_the_board_does_not_have_is_refused_in_words() -> None:
    with vitalwire.open_board(CALM) as board:
        with pytest.raises(CheckFailed, match="no cuff cycle has ended since the board was connected"):
            board.oscillogram()
        with pytest.raises(Refused, match="refused 'oscillogram get': not found") as caught:
            board.oscillogram(7)
        assert caught.value.refusal == "not_found"


def test_a_cycle_that_ended_before_it_measured_has_none() -> None:
    with vitalwire.open_board("sim://?speed=max&fault=pump_dead@0") as board:
        assert not board.start_cuff().ok
        with pytest.raises(CheckFailed, match="ended before there was anything to measure"):
            board.oscillogram()


def test_one_reading_is_saved_with_its_beats_and_recomputed_from_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reading.json"
    assert run(["cuff", "start", CALM, "--save", str(path), "--json"]) == 0
    printed = json.loads(capfd.readouterr().out)
    assert printed == json.loads(path.read_text(encoding="utf-8"))
    assert printed["cycle"] == printed["oscillogram"]["cycle"] == 1
    assert run(["recompute", str(path)]) == 0
    capfd.readouterr()
    assert run(["cuff", "start", CALM, "--save", str(path)]) == 2
    assert "is there already and is not written to again" in capfd.readouterr().err
