# SPDX-License-Identifier: Apache-2.0
"""What a sim:// URL may say, and what is said when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitalwire.clock import SIMULATED_START_UTC_MS
from vitalwire.errors import UsageError
from vitalwire.link.sim_options import SimOptions, parse_sim_url, patients


def test_everything_is_optional() -> None:
    assert parse_sim_url("sim://") == SimOptions()
    assert SimOptions().start_utc_ms == SIMULATED_START_UTC_MS


def test_everything_can_be_said(tmp_path: Path) -> None:
    recording = tmp_path / "a b.csv"
    recording.touch()
    options = parse_sim_url(
        f"sim://?patient=esketamine&ppg={recording}&cuff={recording}&seed=7&speed=20&fault=leak@60&fault=kink@1.5"
        "&board=pico2&serial=SIM9&flash=/tmp/f&interpreter=cpython&start=2026-02-03T04:05:06Z&ppg_channel=ir"
        "&ppg_polarity=rising&ppg_skip=0.5"
    )
    assert options == SimOptions(
        patient="esketamine",
        ppg=recording,
        cuff=recording,
        seed=7,
        speed=20.0,
        faults=(("leak", 60.0, {}), ("kink", 1.5, {})),
        board="pico2",
        serial="SIM9",
        flash=Path("/tmp/f"),
        interpreter="cpython",
        start_utc_ms=1_770_091_506_000,
        ppg_channel="ir",
        ppg_polarity="rising",
        ppg_skip_s=0.5,
    )


def test_max_speed_is_no_speed() -> None:
    assert parse_sim_url("sim://?speed=max").speed is None


def test_faults_may_share_a_parameter_and_have_arguments() -> None:
    faults = parse_sim_url("sim://?fault=leak:mmhg_per_min=40@60,pump_stuck_on:switch=both@9").faults
    assert faults == (("leak", 60.0, {"mmhg_per_min": 40}), ("pump_stuck_on", 9.0, {"switch": "both"}))


def test_the_demonstration_patient_is_there() -> None:
    assert "esketamine" in patients()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("pateint=calm", r"no parameter 'pateint'; did you mean patient\?"),
        ("patient=clam", r"patient=clam: there is no such patient; did you mean calm\? there are: .*esketamine"),
        ("patient=", "patient has no value"),
        ("seed=1&seed=2", "seed is given twice"),
        ("seed=-1", "seed=-1: not a seed"),
        ("seed=99999999999", "not a seed"),
        ("speed=0", "speed=0: not a speed; give 1 for real time, a larger number, or max"),
        ("speed=nan", "not a speed"),
        ("fault=leak@soon", "fault=leak@soon: not a fault and its time; write fault=NAME@SECONDS"),
        ("fault=@5", "not a fault"),
        ("fault=leek@5", r"fault=leek: there is no such fault; did you mean leak\? there are: .*pump_stuck_on"),
        ("fault=leak:fast@5", "not a fault"),
        ("ppg=/no/such.csv", "no such file"),
        ("board=arduino", "there is no such board; there are: pico, pico2, esp32s3"),
        ("serial=E66", "begins with SIM so that it shows"),
        ("serial=SIM-1", "letters and digits"),
        ("interpreter=lua", "there are: micropython, cpython"),
        ("start=tomorrow", "not a date and time"),
        ("ppg_channel=ir", "add ppg=FILE"),
    ],
)
def test_a_slip_is_a_sentence_with_what_is_good(query: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_sim_url(f"sim://?{query}")


@pytest.mark.parametrize("url", ["sim://calm", "sim:///calm"])
def test_a_patient_in_the_wrong_place_is_put_right(url: str) -> None:
    with pytest.raises(UsageError, match=r"write sim://\?patient=calm"):
        parse_sim_url(url)
