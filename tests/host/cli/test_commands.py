# SPDX-License-Identifier: Apache-2.0
"""The commands as a shell sees them: standard output is data, standard error is talk, and exit codes mean something."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vitalwire import __version__
from vitalwire.cli import cuff
from vitalwire.cli.main import COMMANDS, run
from vitalwire_protocol import codec
from vitalwire_protocol.framing import encode_frame

COMMAND = [sys.executable, "-m", "vitalwire.cli.main"]


def vitalwire(*arguments: str, data: bytes | None = None, timeout: float = 60) -> subprocess.CompletedProcess[bytes]:
    """Runs a command in a process of its own."""
    return subprocess.run([*COMMAND, *arguments], input=data, capture_output=True, timeout=timeout, check=False)


def here(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Runs a command in this process: quicker, and enough where no signal and no closed pipe matters."""
    code = run(list(arguments))
    out, err = capfd.readouterr()
    return code, out, err


def recorded() -> bytes:
    """A few seconds of a board."""
    caps = codec.Capabilities.OXIMETER
    frames: list[codec.Message] = [
        codec.Hello(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, codec.SCHEMA_HASH, caps, 3, "SIM00001\nbed 4\nMicroPython"),
        codec.Heartbeat(0, 0, 3, 0, 0, None, 5000, 3, None, 0),
        codec.OximetryReading(0, 0, 97.5, None, 1.25, 90, None, 0, codec.Reason.NO_PULSE, 0, 8, 0, None, None),
        codec.Ppg(0, 0, 0, 100, 0, tuple(range(100_000, 100_050))),
    ]
    return b"\0" + b"".join(encode_frame(m, seq, 1000 * seq) for seq, m in enumerate(frames))


# ---------------------------------------------------------------- help


def test_help_lists_every_command_in_its_group(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = here(capfd, "--help")
    assert code == 0
    assert re.findall(r"^([A-Z][a-z ]+):$", out, re.M) == [
        "Options",
        "At the bedside",
        "Records",
        "Service",
        "For developers",
    ]
    assert all(re.search(rf"^  {name} +\w", out, re.M) for name in COMMANDS)
    assert "Exit codes" in out


@pytest.mark.parametrize("name", [n for n in COMMANDS if n != "monitor"])
def test_each_command_explains_itself_with_examples(capfd: pytest.CaptureFixture[str], name: str) -> None:
    code, out, _ = here(capfd, name, "--help")
    assert code == 0
    assert "Examples:" in out
    assert f"  vitalwire {name}" in out


def test_help_imports_no_command_and_nothing_slow() -> None:
    code = (
        "import sys; from vitalwire.cli.main import run; run(['--help'])\n"
        "slow = {'serial', 'rich', 'cobs', 'vitalwire_protocol', 'construct', 'vitalwire.link', 'vitalwire.cli.info'}\n"
        "print(sorted(slow & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr.strip() == b"[]"


def test_importing_the_library_loads_nothing_of_it() -> None:
    code = (
        "import sys, vitalwire\n"
        "print(sorted(m for m in sys.modules if m.startswith(('vitalwire.', 'serial', 'click'))))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"[]"


def test_every_public_name_of_the_library_is_there() -> None:
    import vitalwire as library

    assert all(getattr(library, name) is not None for name in library.__all__)
    assert set(library.__all__) <= set(dir(library))
    with pytest.raises(AttributeError, match="no_such"):
        library.no_such  # noqa: B018


def test_the_version(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = here(capfd, "--version")
    assert (code, out) == (0, f"vitalwire, version {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["montior"], "did you mean 'monitor'?"),
        (["info", "sim://", "extra"], "unexpected extra argument"),
        (["stream", "--format", "xml"], "'xml' is not one of 'jsonl', 'csv'"),
        (["stream", "sim://", "--minutes", "0"], "minutes"),
        (["stream", "sim://", "--all", "--format", "csv"], "--all writes JSON Lines"),
        (["sim", "--pty", "--tcp", "127.0.0.1:0"], "exclude each other"),
        (["sim", "--tcp", "nowhere"], "not HOST:PORT"),
        (["sim", "--speed", "max"], "give --speed a number"),
        (["info", "sim://?patient=clam"], "did you mean calm?"),
        (["decode", "/no/such/file"], "/no/such/file cannot be read: No such file or directory"),
    ],
)
def test_wrong_usage_is_a_sentence_and_code_2(
    capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = here(capfd, *arguments)
    assert code == 2
    assert words in err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["info", "/dev/ttyACM99"], 3, "vitalwire: there is no port /dev/ttyACM99; `vitalwire ports`"),
        (["info", "socket://127.0.0.1:1"], 3, "vitalwire: nothing answers at socket://127.0.0.1:1"),
    ],
)
def test_a_port_that_cannot_be_used_is_one_sentence(
    capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    got, out, err = here(capfd, *arguments)
    assert (got, out) == (code, "")
    assert err.startswith(words)
    assert err.count("\n") == 1


# ---------------------------------------------------------------- ports


def test_no_board_is_code_3_and_an_empty_list(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitalwire.cli.ports.find_candidates", list)
    code, out, err = here(capfd, "ports", "--json")
    assert (code, json.loads(out)) == (3, [])
    assert "no Vitalwire board is plugged in" in err


def test_boards_are_listed_by_their_descriptors(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vitalwire.link.ports import Candidate

    boards = [Candidate("/dev/ttyACM0", "ESP32-S3", "7cdf"), Candidate("/dev/ttyACM1", "ESP32-S3", "7ce0")]
    monkeypatch.setattr("vitalwire.cli.ports.find_candidates", lambda: boards)
    code, out, _ = here(capfd, "ports", "--json")
    assert (code, [b["serial"] for b in json.loads(out)]) == (0, ["7cdf", "7ce0"])
    assert here(capfd, "ports")[1].splitlines()[0] == "/dev/ttyACM0  ESP32-S3  7cdf"


def test_asking_says_why_a_board_did_not_answer(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vitalwire.link.ports import Candidate

    monkeypatch.setattr("vitalwire.cli.ports.find_candidates", lambda: [Candidate("/dev/ttyACM99", "ESP32-S3", "")])
    code, out, _ = here(capfd, "ports", "--ask", "--json")
    assert code == 0
    assert json.loads(out)[0]["problem"] == "there is no port /dev/ttyACM99"


# ---------------------------------------------------------------- info, cuff, stream


def test_info_says_who_what_and_how(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = here(capfd, "info", "sim://?speed=max&serial=SIM42", "--json")
    about = json.loads(out)
    assert code == 0
    assert (about["serial"], about["board"], about["simulated"]) == ("SIM42", "pico", True)
    assert about["same_schema"] is True
    assert about["interpreter"].startswith("MicroPython")
    assert "supply_v" in about
    assert about["spo2_pct"] is about["pulse_bpm"] is None
    assert about["spo2_reason"] in ("settling", "no_finger")
    code, out, _ = here(capfd, "info", "sim://?speed=max&serial=SIM42")
    assert re.search(r"^serial +SIM42$", out, re.M)
    assert re.search(r"^spo2 pct +-  (settling|no finger)$", out, re.M)


def test_cuff_start_prints_one_line_and_says_that_it_is_simulated(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = here(capfd, "cuff", "start", "sim://?speed=max")
    assert code == 0
    assert re.fullmatch(r"\d+/\d+ mmHg, mean \d+, pulse \d+/min, quality \d+ % \(simulated.*\)\n", out)
    assert err.startswith("SIMULATED board SIM00001, firmware under MicroPython")


def test_a_cuff_that_does_not_inflate_is_code_1_with_the_reason(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = here(capfd, "cuff", "start", "sim://?speed=max&fault=pump_dead@0", "--json")
    assert code == 1
    assert json.loads(out)["sbp_mmhg"] is None
    assert json.loads(out)["reasons"] == dict.fromkeys(("sbp_mmhg", "map_mmhg", "dbp_mmhg"), "no_inflation")
    assert "could not be measured: no inflation; check the cuff's hose" in err


def test_cuff_stop_is_never_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert here(capfd, "cuff", "stop", "sim://?speed=max")[:2] == (0, "The cuff is open.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupting_cuff_start_empties_the_cuff(number: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "cuff", "start", "sim://?speed=4"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # these tests may run under nohup
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert b"SIMULATED" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(getattr(signal, number))
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == b""
    assert b"emptying the cuff" in err
    assert b"The cuff is open." in err


def test_a_terminal_that_is_gone_does_not_keep_the_cuff_full(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped:
        stopped = False

        def stop_cuff(self) -> None:
            self.stopped = True

    def nobody_there(_text: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(cuff, "say", nobody_there)
    board = Stopped()
    with contextlib.suppress(OSError):
        cuff._empty(board)  # type: ignore[arg-type]
    assert board.stopped


def test_stream_writes_json_lines(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = here(capfd, "stream", "sim://?speed=max", "--minutes", "0.2")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    readings = [row for row in rows if row["type"] == "reading"]
    assert len(readings) >= 10
    assert all(row["time_utc"].endswith("Z") and row["flags"][0] == "simulated" for row in readings)
    assert "SIMULATED" in err


def test_stream_writes_csv_with_blanks_for_what_was_not_measured() -> None:
    done = vitalwire("stream", "sim://?speed=max", "--format", "csv", "--minutes", "0.2")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert done.stdout.splitlines(keepends=True)[0].endswith(b"\r\n")
    first, last = (next(r for r in order if r["type"] == "reading") for order in (rows, rows[::-1]))
    assert first["spo2_pct"] == ""
    assert first["reason"].startswith("spo2_pct:"), "the names of its columns"
    assert float(last["spo2_pct"]) > 90


def test_stream_writes_every_message_or_raw_samples(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = here(capfd, "stream", "sim://?speed=max", "--minutes", "0.05", "--all")
    assert "heartbeat" in {json.loads(line)["type"] for line in out.splitlines()}
    done = vitalwire("stream", "sim://?speed=max", "--minutes", "0.05", "--ppg", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert done.returncode == 0
    indices = [int(row["index"]) for row in rows]
    assert indices == list(range(indices[0], indices[0] + len(rows)))
    assert 250 <= len(rows) <= 320
    assert all(0 < int(row["ir"]) < 1 << 18 for row in rows)


def test_a_closed_pipe_is_no_error() -> None:
    with subprocess.Popen(
        [*COMMAND, "stream", "sim://?speed=max"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.wait(30) == 0
        assert b"Traceback" not in process.stderr.read()


def test_a_lost_link_ends_a_stream_with_code_5(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = here(capfd, "stream", "sim://?speed=max&fault=usb_unplug@4")
    assert code == 5
    assert out
    assert "silent for 3 s" in err


# ---------------------------------------------------------------- decode


def test_decode_prints_one_object_a_message_and_counts_on_standard_error(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "port.bin"
    file.write_bytes(recorded())
    code, out, err = here(capfd, "decode", str(file), "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["type"] for row in rows] == ["hello", "heartbeat", "oximetry_reading", "ppg"]
    assert rows[2]["spo2_pct"] == 97.5
    assert (rows[2]["pulse_bpm"], rows[2]["pulse_reason"]) == (None, "no_pulse")
    assert len(rows[3]["samples"]) == 50
    assert json.loads(err)["frames"] == 4


def test_decode_for_people_leaves_out_what_was_not_measured(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "port.bin"
    file.write_bytes(recorded())
    _, out, err = here(capfd, "decode", str(file))
    line = out.splitlines()[2]
    assert "spo2_pct=97.5" in line
    assert "pulse_bpm" not in line
    assert "4 good frames" in err


def test_decode_reads_standard_input() -> None:
    done = vitalwire("decode", "-", "--json", data=recorded())
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 4)


def test_decode_starts_in_the_middle_of_a_frame_and_counts_it(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "port.bin"
    file.write_bytes(recorded()[20:])
    code, out, err = here(capfd, "decode", str(file), "--json")
    assert (code, len(out.splitlines())) == (0, 3)
    counters = json.loads(err)
    assert counters["cobs"] + counters["crc"] + counters["too_short"] == 1
    assert here(capfd, "decode", str(file), "--strict")[0] == 1


@pytest.mark.parametrize("data", [b"", b"no frames here\n", os.urandom(50_000)], ids=["nothing", "text", "noise"])
def test_decode_of_something_else_is_code_1(capfd: pytest.CaptureFixture[str], tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "else.bin"
    file.write_bytes(data)
    code, _, err = here(capfd, "decode", str(file))
    assert code == 1
    assert f"not one intact frame in {len(data)} bytes" in err


def test_decode_shows_what_a_board_printed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "port.bin"
    file.write_bytes(recorded() + b"Traceback (most recent call last):\r\nMemoryError: \r\n>>> ")
    _, out, _ = here(capfd, "decode", str(file))
    assert "console Traceback (most recent call last):" in out
    assert "console >>> " in out


def test_decode_reads_a_capture(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from vitalwire.record.capture import CaptureEncoder
    from vitalwire.session.inputs import Input, Kind, json_input

    encoder = CaptureEncoder()
    data = encoder.begin()
    data += encoder.encode(json_input(Kind.LINK, 0, 1_767_225_600_000, state="up", name="sim", why=""))
    data += encoder.encode(Input(Kind.RECEIVED, 5, 1_767_225_600_005, recorded()))
    data += encoder.close(9, 1_767_225_600_009, why="test")
    file = tmp_path / "capture.vwire"
    file.write_bytes(data)
    code, out, _ = here(capfd, "decode", str(file), "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["type"] for row in rows] == ["hello", "heartbeat", "oximetry_reading", "ppg"]
    assert rows[0]["arrived_utc"] == "2026-01-01T00:00:00.005Z"
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    file.write_bytes(bytes(changed))
    assert here(capfd, "decode", str(file))[0] == 1


# ---------------------------------------------------------------- sim


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with subprocess.Popen([*COMMAND, "sim", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().decode().strip()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_sim_serves_a_board_on_a_pseudo_terminal_to_one_client_after_the_other(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with serving("--serial", "SIM7") as (process, where):
        assert where.startswith("/dev/")
        for _ in range(2):
            code, out, _ = here(capfd, "info", where, "--json")
            assert code == 0
            about = json.loads(out)
            assert (about["serial"], about["simulated"], about["port"]) == ("SIM7", True, where)
    assert process.returncode == 0


def test_sim_serves_a_board_on_a_tcp_port(capfd: pytest.CaptureFixture[str]) -> None:
    with serving("--tcp", "127.0.0.1:0", "--patient", "tachycardia", "--speed", "20") as (_, where):
        assert re.fullmatch(r"socket://127\.0\.0\.1:\d+", where)
        code, out, err = here(capfd, "stream", where, "--minutes", "0.02")
        assert code == 0
        assert "reading" in out
        assert "SIMULATED" in err


def test_sim_lists_patients_and_faults(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = here(capfd, "sim", "--list")
    assert code == 0
    assert re.search(r"^  esketamine +\w", out, re.M)
    assert re.search(r"^  pump_stuck_on +\w", out, re.M)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "--whole needs --flash"),
        (["--flash", "x", "--tcp", "127.0.0.1:0"], "--whole and --tcp exclude each other"),
        (["--flash", "x", "--speed", "20"], "--whole and --speed exclude each other"),
    ],
)
def test_a_whole_board_says_what_it_needs(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "--whole", *more]) == 2
    assert said in capsys.readouterr().err
