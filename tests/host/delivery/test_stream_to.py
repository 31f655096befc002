# SPDX-License-Identifier: Apache-2.0
"""`vitalwire stream --to`, as a person types it: to files, to sinks that are not there, from boards and sessions."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import vitalwire
from vitalwire.cli.main import run
from vitalwire.delivery import live as live_module
from vitalwire.delivery.live import Live
from vitalwire.errors import LinkLost
from vitalwire.items import Event, Reading
from vitalwire.sinks import registry

SIM = "sim://?speed=max&patient=esketamine"


@pytest.fixture(autouse=True)
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sessions"
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(folder))
    return folder


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with vitalwire.attach_session(SIM, minutes=2, every_s=120, out=tmp_path_factory.mktemp("recorded")) as session:
        list(session.items())
    assert session.folder is not None
    return session.folder


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def nobody() -> int:
    """A port of this computer at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_board_goes_to_a_file_reading_by_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.jsonl"
    assert run(["stream", SIM, "--minutes", "1", "--to", f"jsonl:{file}"]) == 0
    found = [line for line in lines(file) if line["type"] == "reading"]
    assert len(found) >= 58
    assert [line["number"] for line in found] == sorted(line["number"] for line in found)
    assert all(line["simulated"] for line in found)
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{len(lines(file))} delivered" in said.err


def test_a_session_that_is_over_is_given_as_a_whole_and_marked_late(recorded: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    assert run(["stream", str(recorded), "--to", f"jsonl:{file}?waves=yes"]) == 0
    found = lines(file)
    assert [line["time_utc"] for line in found] == [i.as_dict()["time_utc"] for i in vitalwire.open_record(recorded)]
    assert all(line["late"] for line in found)
    assert {line["type"] for line in found} == {"reading", "event", "wave"}


def test_a_session_that_is_over_is_given_again_by_the_same_command_and_leaves_no_buffer(
    recorded: Path, sessions: Path, tmp_path: Path
) -> None:
    file = tmp_path / "out.jsonl"
    for _ in range(2):
        assert run(["stream", str(recorded), "--to", f"jsonl:{file}"]) == 0
    keys = [line["key"] for line in lines(file)]
    half = len(keys) // 2
    assert half > 100
    assert keys[:half] == keys[half:]
    assert list((sessions / ".streams").iterdir()) == []


def test_following_without_a_sink_writes_json_lines_to_standard_output(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stream", "--follow", str(recorded)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len([line for line in found if line["type"] == "reading"]) > 100


def test_a_session_that_monitor_records_is_followed_live_to_its_end(sessions: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    words = [sys.executable, "-m", "vitalwire.cli.main"]
    monitor = subprocess.Popen(
        [*words, "monitor", "sim://?speed=20", "--minutes", "1", "--quiet"], stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 20
        while not list(sessions.glob("*/capture.vwire")):
            assert time.monotonic() < end
            time.sleep(0.02)
        assert run(["stream", "--follow", "--to", f"jsonl:{file}"]) == 0
    finally:
        monitor.wait(30)
    (folder,) = (path.parent for path in sessions.glob("*/capture.vwire"))
    expected = [i for i in vitalwire.open_record(folder) if isinstance(i, Reading | Event)]
    assert [line["time_utc"] for line in lines(file)] == [i.as_dict()["time_utc"] for i in expected]
    assert not all(line["late"] for line in lines(file))


def test_a_session_whose_program_was_killed_is_delivered_and_then_said_with_5(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    folder = tmp_path / recorded.name
    shutil.copytree(recorded, folder)
    data = (folder / "capture.vwire").read_bytes()
    (folder / "capture.vwire").write_bytes(data[: len(data) // 2])
    file = tmp_path / "out.jsonl"
    assert run(["stream", "--follow", str(folder), "--to", f"jsonl:{file}"]) == 5
    assert len(lines(file)) > 20
    assert "monitor --resume" in capsys.readouterr().err


def test_a_session_that_was_altered_is_delivered_up_to_the_place_and_ends_with_1(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    folder = tmp_path / recorded.name
    shutil.copytree(recorded, folder)
    data = bytearray((folder / "capture.vwire").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "capture.vwire").write_bytes(data)
    file = tmp_path / "out.jsonl"
    assert run(["stream", str(folder), "--to", f"jsonl:{file}"]) == 1
    assert len(lines(file)) > 20
    assert "vitalwire verify" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (["pigeon://roof"], "no sink takes pigeon:"),
        (["nonsense"], "no kind of sink is named"),
        (["jsonl:-?colour=blue"], "no option colour is known"),
        (["jsonl:-", "jsonl:-"], "named twice"),
        (["mqtt://me:secret@localhost:99999"], "out of range"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence_and_2(to: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    # Said before a board is asked for: there is none at this port.
    assert run(["stream", "/dev/no-such-port", *(word for url in to for word in ("--to", url))]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert "secret" not in err


def test_two_sinks_do_not_write_to_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, same = tmp_path / "out.jsonl", tmp_path / "." / "out.jsonl"
    code = run(["stream", SIM, "--minutes", "0.2", "--to", f"jsonl:{file}", "--to", f"jsonl:{same.parent}/./out.jsonl"])
    assert code != 0
    assert "out.jsonl" in capsys.readouterr().err


def test_options_for_standard_output_and_sinks_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stream", SIM, "--to", "jsonl:-", "--ppg"]) == 2
    assert "--ppg" in capsys.readouterr().err


def test_what_a_broker_that_is_away_did_not_get_waits_for_the_next_run(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.jsonl"
    url = f"mqtt://127.0.0.1:{nobody()}/ward"
    arguments = ["stream", str(recorded), "--to", url, "--to", f"jsonl:{file}", "--drain", "0.5"]
    assert run(arguments) == 5
    err = capsys.readouterr().err
    count = len(lines(file))
    assert count > 100, "the other sink got everything"
    assert f"{count} items wait in" in err
    assert "the same command delivers them" in err
    assert run(arguments) == 5
    again = capsys.readouterr().err
    assert f"{count} items of an earlier run are delivered first" in again
    assert f"{count} wait" in again, "and none of them is put in twice"


def test_interrupted_it_delivers_what_waits_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    words = [sys.executable, "-m", "vitalwire.cli.main", "stream", "sim://?speed=20", "--to", f"jsonl:{file}"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not file.exists() or len(file.read_text().splitlines()) < 5:
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "what waits is delivered now" in err
    assert f"{len(lines(file))} delivered" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("place", ["/no/such/folder/out.jsonl", "/dev/full"])
def test_a_file_that_cannot_be_written_to_is_said_with_4_and_the_other_sinks_go_on(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good.jsonl"
    arguments = ["stream", SIM, "--minutes", "0.5", "--drain", "0.5", "--to", f"jsonl:{place}", "--to", f"jsonl:{good}"]
    assert run(arguments) == 4
    assert place in capsys.readouterr().err
    assert len(lines(good)) >= 29


def test_the_list_says_of_every_kind_what_it_is_and_whether_it_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stream", "--list", "--json"]) == 0
    kinds = {kind["name"]: kind for kind in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(kinds) == {"files", "fhir", "influx", "lsl", "mllp", "mqtt", "prometheus", "web"}
    assert all(kind["summary"] and kind["example"] and kind["schemes"] for kind in kinds.values())
    assert run(["stream", "--list"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in kinds)


def test_a_sink_whose_library_is_missing_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "missing", lambda kind: ["paho"] if kind.name == "mqtt" else [])
    assert run(["stream", SIM, "--to", "mqtt://localhost"]) == 2
    assert "pip install 'vitalwire[mqtt]'" in capsys.readouterr().err


def test_a_plug_in_that_does_not_load_is_named_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    points = [
        EntryPoint("bad", "no.such.module:KIND", "vitalwire.sinks"),
        EntryPoint("files", "vitalwire.sinks.files:KIND", "vitalwire.sinks"),
        EntryPoint("odd", "json:dumps", "vitalwire.sinks"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda **_group: points)
    assert run(["stream", "--list"]) == 0
    said = capsys.readouterr()
    assert "bad (no.such.module:KIND) does not load" in said.err
    assert "its object is no SinkKind" in said.err
    assert "jsonl" in said.out
    assert run(["stream", SIM, "--minutes", "0.1", "--to", f"jsonl:{tmp_path / 'a.jsonl'}"]) == 0


def test_a_board_that_is_unplugged_and_comes_back_goes_on_and_both_are_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Any] = []

    def open_one(_port: str | None) -> Any:
        if len(opened) == 1:
            opened.append(None)
            raise LinkLost("still away")
        board = vitalwire.open_board("sim://?speed=max")
        opened.append(board)
        if len([one for one in opened if one]) == 1:
            messages = board.messages

            def break_off(**given: Any) -> Any:
                stream = messages(**given)
                for _ in range(20):
                    yield next(stream)
                raise LinkLost("it was unplugged")

            monkeypatch.setattr(board, "messages", break_off)
        return board

    monkeypatch.setattr(live_module.Board, "virtual", False)
    said: list[str] = []
    source = Live("port", said.append, open_one, pause=lambda _s: source.board.poll(0.1) if source.board else None)
    monkeypatch.setattr(live_module.Reconnect, "advance", lambda self, _t: self.state == "due")
    items = list(source.items(30, waves=False))
    source.close()
    links = [i for i in items if isinstance(i, Event) and i.name == "link_lost"]
    assert [link.state for link in links] == ["raised", "cleared"]
    assert "unplugged" in links[0].detail
    at = items.index(links[1])
    assert any(isinstance(i, Reading) for i in items[at:]), "it goes on"
    assert any("is back" in text for text in said)
