# SPDX-License-Identifier: Apache-2.0
"""Firmware onto a board from every state it can be in; what is interrupted leaves the old firmware or a prompt."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from flash_bench import Flash, Steps, other_version
from whole_bench import open_at, wait_for

from vitalwire.errors import CheckFailed, LinkLost, NoBoard, Refused, UsageError, VitalwireError
from vitalwire.link.sim_options import micropython_is_here
from vitalwire.link.whole_board import WholeBoard
from vitalwire.service.flash import signing
from vitalwire.service.flash.build import Build, compile_build, read_build, sign_build, write_build
from vitalwire.service.flash.kept import load_settings
from vitalwire.service.flash.prompt import Prompt, open_prompt
from vitalwire_protocol.codec import ConfigGet, ConfigKey, ConfigSet

pytestmark = [
    pytest.mark.skipif(
        sys.platform == "win32" or not micropython_is_here() or platform.machine() != "x86_64",
        reason="no MicroPython, pseudo-terminals or x86-64 here: NOT TESTED",
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def at_prompt(board: WholeBoard) -> Prompt:
    wait_for(board, "prompt")
    return open_prompt(str(board.port_link), 10)


def label(board: WholeBoard, text: str) -> None:
    with open_at(board) as opened:
        opened.command(ConfigSet.request(key=ConfigKey.BED_LABEL, setting=text))


def test_a_bare_board_runs_the_firmware_and_proves_it_by_its_hello(board: WholeBoard, put: Flash) -> None:
    outcome = put()
    assert outcome.found.what == "MicroPython, without Vitalwire firmware"
    assert outcome.after is not None
    assert outcome.after.firmware == "0.1.0"
    assert (len(outcome.plan.changed), len(outcome.plan.removed), outcome.plan.nothing) == (0, 0, False)
    assert set(outcome.plan.added) == set(outcome.build.files)
    with open_at(board) as opened:
        assert opened.identity.interpreter.startswith("MicroPython")


@pytest.mark.slow
def test_a_second_flash_finds_nothing_to_do(put: Flash) -> None:
    put()
    outcome = put()
    assert outcome.plan.nothing
    assert outcome.found.what == "Vitalwire 0.1.0"
    assert outcome.after is not None


@pytest.mark.slow
def test_another_version_goes_into_the_other_copy_and_says_what_changed(put: Flash, tmp_path: Path) -> None:
    first = put()
    second = put(other_version(tmp_path))
    assert (first.plan.copy, second.plan.copy) == ("copy_a", "copy_b")
    assert "vitals/__init__.mpy" in second.plan.changed
    assert second.as_json("p")["before"]["firmware"] == "0.1.0"
    assert second.after is not None
    assert second.after.firmware == "0.9.0"
    back = put()
    assert back.plan.copy == "copy_a"
    assert len(back.plan.write) == 0, "it lies there since the first time, and was verified"
    assert back.after is not None
    assert back.after.firmware == "0.1.0"


@pytest.mark.slow
def test_settings_are_saved_to_a_file_first_and_stay_on_the_board(
    board: WholeBoard, put: Flash, tmp_path: Path
) -> None:
    put()
    label(board, "bay 7")
    outcome = put(other_version(tmp_path))
    assert outcome.kept is not None
    saved = load_settings(outcome.kept, "SIM00001")
    assert any(b"bay 7" in data for data in saved.values())
    with open_at(board) as opened:
        assert opened.identity.bed == "bay 7"
        assert opened.command(ConfigGet.request(key=ConfigKey.BED_LABEL)).detail == "bay 7"


@pytest.mark.slow
def test_settings_that_a_board_lost_are_put_back_from_the_file(board: WholeBoard, put: Flash) -> None:
    put()
    label(board, "bay 7")
    kept = put().kept
    prompt = open_prompt_in_service(board)
    prompt.remove("config.a", "config.b")
    prompt.close()
    outcome = put(restore=kept)
    assert outcome.restored
    with open_at(board) as opened:
        assert opened.identity.bed == "bay 7"


def open_prompt_in_service(board: WholeBoard) -> Prompt:
    from vitalwire_protocol.codec import ServiceEnter

    with open_at(board) as opened:
        opened.command(ServiceEnter.request(), wait=False)
    return at_prompt(board)


@pytest.mark.slow
def test_settings_of_another_board_are_refused(put: Flash, board: WholeBoard, tmp_path: Path) -> None:
    put()
    label(board, "x")
    kept = put().kept
    assert kept is not None
    other = tmp_path / "other.json"
    other.write_text(kept.read_text().replace("SIM00001", "SIM00002"))
    with pytest.raises(CheckFailed, match="is of board SIM00002"):
        put(restore=other)


@pytest.mark.slow
def test_a_board_in_service_mode_and_one_at_its_prompt_are_flashed_too(board: WholeBoard, put: Flash) -> None:
    put()
    open_prompt_in_service(board).close()
    outcome = put()
    assert "does not run" in outcome.found.what or "service" in outcome.found.what
    assert outcome.after is not None
    assert not outcome.after.service


@pytest.mark.slow
def test_firmware_that_was_copied_by_hand_is_replaced_and_taken_away(
    board: WholeBoard, build: Build, put: Flash, tmp_path: Path
) -> None:
    prompt = at_prompt(board)
    prompt.make_folders(*sorted({p.rpartition("/")[0] for p in build.files if "/" in p}))
    for path, data in build.files.items():
        prompt.write(path, data.replace(b"choose_copy()\n", b"") if path == "boot.py" else data)
    prompt.restart("")
    wait_for(board, "firmware")
    outcome = put(other_version(tmp_path))
    assert outcome.after is not None
    assert outcome.after.firmware == "0.9.0"
    prompt = open_prompt_in_service(board)
    assert not any(path.startswith("vitals/") for path in prompt.state().files)
    prompt.close()


@pytest.mark.slow
def test_a_crashing_board_is_healed(board: WholeBoard, put: Flash) -> None:
    put()
    prompt = open_prompt_in_service(board)
    prompt.write("copy_a/vitals/app.mpy", b"no program")
    prompt.restart("copy_a")
    outcome = put()
    assert "vitals/app.mpy" in outcome.plan.changed
    assert outcome.plan.copy == "copy_b"
    assert outcome.after is not None


def test_nothing_happens_while_a_session_is_open(board: WholeBoard, put: Flash) -> None:
    put()
    with open_at(board) as opened:
        opened.begin_session(max_minutes=5)
    with pytest.raises(Refused, match="session_open; end the session first"):
        put()
    with open_at(board) as opened:
        assert not opened.identity.service


@pytest.mark.slow
def test_a_dry_run_says_what_would_change_and_the_board_goes_on(board: WholeBoard, put: Flash, tmp_path: Path) -> None:
    put()
    outcome = put(other_version(tmp_path), dry_run=True)
    assert "vitals/__init__.mpy" in outcome.plan.changed
    assert outcome.after is None
    wait_for(board, "firmware")
    with open_at(board) as opened:
        assert opened.identity.firmware == "0.1.0"


@pytest.mark.slow
@pytest.mark.parametrize("refused", ["keep", "restore", "build"])
def test_what_is_refused_before_anything_is_written_leaves_the_board_at_work(
    board: WholeBoard, put: Flash, tmp_path: Path, refused: str
) -> None:
    put()
    label(board, "bay 7")
    (tmp_path / "file").write_text("")
    given = {
        "keep": {"keep_folder": tmp_path / "file" / "none"},
        "restore": {"restore": tmp_path / "none.json"},
        "build": {"build": compile_build("pico")},
    }[refused]
    with pytest.raises(CheckFailed if refused == "build" else UsageError):
        put(**given)
    wait_for(board, "firmware")
    with open_at(board) as opened:
        assert not opened.identity.service
        assert opened.identity.bed == "bay 7"


@pytest.mark.slow
@pytest.mark.parametrize("step", ["writing", "switching", "restarting"])
def test_a_host_that_stops_at_any_step_leaves_a_board_that_the_next_flash_heals(
    board: WholeBoard, put: Flash, tmp_path: Path, step: str
) -> None:
    put()
    new = other_version(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        put(new, progress=Steps(stop_at=step))
    board.give_power()
    with open_at(board) as opened:
        assert opened.identity.firmware == ("0.9.0" if step == "restarting" else "0.1.0")
    outcome = put(new)
    assert outcome.after is not None
    assert outcome.after.firmware == "0.9.0"


@pytest.mark.slow
def test_what_reads_back_otherwise_is_noticed_before_it_may_run(
    board: WholeBoard, put: Flash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put()
    write = Prompt.write

    def worn(self: Prompt, path: str, data: bytes, _progress: object = None) -> None:
        write(self, path, data[:-1] + b"?" if path.endswith("app.mpy") else data)

    monkeypatch.setattr(Prompt, "write", worn)
    with pytest.raises(CheckFailed, match=r"vitals/app.mpy back otherwise .* its old firmware still runs"):
        put(other_version(tmp_path))
    board.give_power()
    with open_at(board) as opened:
        assert opened.identity.firmware == "0.1.0"


def test_a_build_for_another_processor_is_refused(put: Flash) -> None:
    with pytest.raises(CheckFailed, match="the board takes files for x64"):
        put(compile_build("pico"))
    with pytest.raises(CheckFailed, match="this build is for pico2, and the board is a pico"):
        put(compile_build("pico2", "x64"))


@pytest.mark.slow
def test_a_site_with_a_key_takes_only_what_it_signed(put: Flash, build: Build, tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    private, public = signing.make_keys(tmp_path / "site")
    _, stranger = signing.make_keys(tmp_path / "stranger")
    with pytest.raises(CheckFailed, match="not signed"):
        put(key=public)
    write_build(build, tmp_path / "build")
    sign_build(tmp_path / "build", private)
    signed = read_build(tmp_path / "build")
    with pytest.raises(CheckFailed, match="is not that of this site's key"):
        put(signed, key=stranger)
    outcome = put(signed, key=public)
    assert outcome.as_json("p")["signed"] is True
    prompt_files = outcome.build.copied
    assert "manifest.sig" in prompt_files


def test_a_build_of_which_a_byte_was_changed_is_refused(build: Build, tmp_path: Path) -> None:
    write_build(build, tmp_path / "build")
    path = tmp_path / "build" / "vitals" / "app.mpy"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(CheckFailed, match=r"vitals/app.mpy is not what it says"):
        read_build(tmp_path / "build")


def test_without_a_board_or_over_a_network_it_is_a_sentence(tmp_path: Path, put: Flash, board: WholeBoard) -> None:
    board.cut_power()
    with pytest.raises(VitalwireError) as caught:
        put()
    assert isinstance(caught.value, NoBoard | LinkLost)
    from datetime import UTC, datetime

    from vitalwire.service.flash.deploy import Order
    from vitalwire.service.flash.run import Target, flash

    order = Order(lambda _: pytest.fail("no build is wanted"), tmp_path, datetime.now(UTC))
    with pytest.raises(UsageError, match="vitalwire sim --whole"):
        flash(Target("sim://", None, None), order, Steps())
    with pytest.raises(UsageError, match="over a serial port"):
        flash(Target("socket://127.0.0.1:1", None, None), order, Steps())
