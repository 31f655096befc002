# SPDX-License-Identifier: Apache-2.0
"""Settings: typed here, checked on the board, kept; exported and imported; refused in a session."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import vitalwire
from vitalwire import board_files
from vitalwire.alarms.limits import parse_limits
from vitalwire.cli.main import run
from vitalwire.errors import CheckFailed, Refused, UsageError
from vitalwire.service.config.board import change
from vitalwire.service.config.settings import CHOICES, NUMBERS, SETTINGS, from_wire, pack_limits, to_wire, unpack_limits
from vitalwire_protocol.codec import ConfigKey, Heartbeat

LIMITS = "[limits]\nspo2_low = { limit = 88, delay_s = 5 }\npulse_high = { limit = 130 }\n"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sim://?speed=max&flash={tmp_path / 'flash'}"


def settings(capfd: pytest.CaptureFixture[str], url: str) -> dict[str, object]:
    capfd.readouterr()
    assert run(["config", "get", url, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)["settings"]
    assert isinstance(found, dict)
    return found


def test_every_setting_of_the_protocol_is_here() -> None:
    assert {setting.key for setting in SETTINGS.values()} == set(ConfigKey)


def test_ranges_are_those_of_the_board() -> None:
    text = (board_files.firmware() / "vitals" / "store" / "config.py").read_text()
    for name, (low, high) in NUMBERS.items():
        assert re.search(rf"CONFIG_KEY_{name.upper()}: \({low}, {high}, ", text)
    assert "AVERAGING_S = (8, 4, 16)" in text
    assert set(CHOICES["averaging_s"]) == {4, 8, 16}


@pytest.mark.parametrize(
    ("name", "text", "wire"),
    [
        ("bed_label", " bay 3 ", "bay 3"),
        ("averaging_s", "16", "16"),
        ("sound_pct", "020", "20"),
        ("ppg_stream", "Yes", "1"),
        ("own_supply", "off", "0"),
        ("cuff_method", "inflation", "1"),
    ],
)
def test_what_a_person_writes_becomes_what_the_board_takes_and_back(name: str, text: str, wire: str) -> None:
    assert to_wire(name, text) == wire
    assert from_wire(name, wire) is not None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bed_label", "x" * 33),
        ("bed_label", "a\nb"),
        ("averaging_s", "5"),
        ("sound_pct", "19"),
        ("sound_pct", "101"),
        ("led_brightness_pct", "9"),
        ("sound_pct", "-20"),
        ("sound_pct", "٣٠"),
        ("ppg_stream", "maybe"),
        ("cuff_method", "2"),
        ("fallback_limits", "no base64"),
        ("fallback_limits", "A" * 2000),
        ("bed_label", "\udcff"),
        ("averaging_s", "8" * 5000),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=name):
        to_wire(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [("averaging_s", "?"), ("cuff_method", "7"), ("fallback_limits", "ü"), ("sound_pct", "")],
)
def test_what_a_board_says_of_a_setting_may_be_nonsense(name: str, text: str) -> None:
    with pytest.raises(CheckFailed, match=name):
        from_wire(name, text)


def test_settings_are_kept_over_restarts_and_show_what_changed(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "set", url, "sound_pct=80", "bed_label=bay 3", "--json"]) == 0
    changed = json.loads(capfd.readouterr().out)["changed"]
    assert changed["sound_pct"] == {"before": 60, "after": 80}
    assert settings(capfd, url)["bed_label"] == "bay 3"
    assert run(["config", "set", url, "sound_pct=80"]) == 0
    assert "nothing changed" in capfd.readouterr().out


def test_fallback_limits_guard_a_session_that_got_none(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(LIMITS)
    with vitalwire.open_board(url) as board:
        default = next(r.message.limits_crc for r in board.messages() if isinstance(r.message, Heartbeat))
    assert run(["config", "set", url, f"fallback_limits={file}"]) == 0
    kept = settings(capfd, url)["fallback_limits"]
    assert isinstance(kept, dict)
    rules = {one["rule"]: one["threshold"] for one in kept["limits"]}
    assert rules["spo2_low"] == 88
    assert rules["pulse_high"] == 130
    with vitalwire.open_board(url) as board:
        board.begin_session(max_minutes=5)
        own = next(r.message.limits_crc for r in board.messages() if isinstance(r.message, Heartbeat))
    assert own != default
    assert run(["config", "set", url, "fallback_limits=none"]) == 0
    assert settings(capfd, url)["fallback_limits"] is None


def test_limits_are_packed_as_they_are_unpacked() -> None:
    limits = parse_limits(LIMITS, "here")
    found = unpack_limits(pack_limits(limits))
    assert found is not None
    assert {one["rule"] for one in found["limits"]} == {limit.rule for limit in limits}


def test_an_export_is_imported_elsewhere_without_the_label(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "settings.json"
    assert run(["config", "set", url, "sound_pct=80", "bed_label=bay 3"]) == 0
    assert run(["config", "export", url, "--out", str(out)]) == 0
    other = f"sim://?speed=max&serial=SIM00002&flash={tmp_path / 'other'}"
    capfd.readouterr()
    assert run(["config", "import", str(out), other, "--dry-run", "--json"]) == 0
    assert set(json.loads(capfd.readouterr().out)["changed"]) == {"sound_pct"}
    assert settings(capfd, other)["sound_pct"] == 60, "a dry run"
    assert run(["config", "import", str(out), other]) == 0
    found = settings(capfd, other)
    assert (found["sound_pct"], found["bed_label"]) == (80, "")
    assert run(["config", "import", str(out), other, "--with-label"]) == 0
    assert settings(capfd, other)["bed_label"] == "bay 3"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"format": "x"}',
        '{"format": "vitalwire-board-config", "version": 1, "serial": "S", "settings": {"x": 1}}',
    ],
)
def test_a_file_that_holds_no_settings_is_refused_before_anything_is_set(
    content: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(content)
    assert run(["config", "import", str(file), "sim://"]) == 2
    assert "bad.json" in capfd.readouterr().err


@pytest.mark.parametrize("value", ["garbage", [1], {}, {"limits": []}, {"packed": ""}, {"packed": 7}, 7, False, ""])
def test_fallback_limits_of_the_wrong_kind_are_refused_and_never_clear_those_of_the_board(
    value: object, url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    limits, file = tmp_path / "limits.toml", tmp_path / "settings.json"
    limits.write_text(LIMITS)
    content = {"format": "vitalwire-board-config", "version": 1, "serial": "SIM00001"}
    file.write_text(json.dumps({**content, "settings": {"sound_pct": 80, "fallback_limits": value}}))
    assert run(["config", "set", url, f"fallback_limits={limits}"]) == 0
    assert run(["config", "import", str(file), url]) == 2
    err = capfd.readouterr().err
    assert "settings.json" in err
    assert "fallback_limits" in err
    found = settings(capfd, url)
    assert found["fallback_limits"] is not None
    assert found["sound_pct"] == 60, "everything is checked before anything is set"


@pytest.mark.parametrize(
    ("name", "value"), [("sound_pct", None), ("sound_pct", [80]), ("sound_pct", 80.5), ("averaging_s", {})]
)
def test_a_setting_of_the_wrong_kind_is_refused(name: str, value: object, tmp_path: Path) -> None:
    from vitalwire.service.config.board import load

    file = tmp_path / "settings.json"
    content = {"format": "vitalwire-board-config", "version": 1, "serial": "S", "settings": {name: value}}
    file.write_text(json.dumps(content))
    with pytest.raises(UsageError, match=name):
        load(file)


def test_in_a_session_nothing_is_changed(url: str) -> None:
    with vitalwire.open_board(url) as board:
        board.begin_session(max_minutes=5)
        with pytest.raises(Refused, match="session open") as caught:
            change(board, {"sound_pct": "80"})
        assert "end the session first" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["set"], "nothing to set"),
        (["set", "sim://", "sound"], "is not NAME=VALUE"),
        (["set", "sim://", "sound=5"], "did you mean sound_pct?"),
        (["set", "sim://", "sound_pct=5"], "20 to 100"),
        (["get", "sim://", "volume"], "there is no setting"),
    ],
)
def test_a_slip_of_the_pen_is_a_sentence(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", *arguments]) == 2
    assert said in capfd.readouterr().err
