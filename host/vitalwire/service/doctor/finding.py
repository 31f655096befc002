# SPDX-License-Identifier: Apache-2.0
"""What the doctor says, and what it makes of errors, of a hello and of the host. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from vitalwire_protocol.codec import VERSION_MAJOR, VERSION_MINOR, Fault, ResetCause, Status, name_of, names_of

from ... import errors
from ...link.decoder import Counters
from ...link.ports import USB_IDS

Level = Literal["ok", "note", "problem"]
CRC_NOTE: Final = 0.001
CRC_PROBLEM: Final = 0.02
"""Of all frames. USB has checksums of its own: on a sound cable none is damaged."""
RULES_FILE: Final = "/etc/udev/rules.d/60-vitalwire.rules"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `id` for programs; `do`: what to do next, where there is something."""

    id: str
    level: Level
    what: str
    do: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def udev_rule() -> str:
    """The whole rule that lets whoever sits at the computer open the boards."""
    lines = [
        f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vendor:04x}", ATTRS{{idProduct}}=="{product:04x}", TAG+="uaccess"'
        for vendor, product in USB_IDS
    ]
    return "\n".join(lines)


def of_error(port: str, error: errors.VitalwireError) -> Finding:
    """What an error means that came from opening a port or a board."""
    what, do = error.what, error.hint
    if isinstance(error, errors.NoPermission):
        steps = f"or put this into {RULES_FILE}, then `sudo udevadm control --reload && sudo udevadm trigger`:"
        return Finding("permission", "problem", what, f"{do}; {steps}\n{udev_rule()}")
    if isinstance(error, errors.PortBusy):
        return Finding("busy", "problem", what, do)
    if isinstance(error, errors.NoBoard):
        return Finding("no_port", "problem", what, do)
    if isinstance(error, errors.CrashLoop):
        return Finding("crash_loop", "problem", what, f"`vitalwire flash {port}` puts whole firmware on it")
    if isinstance(error, errors.NotVitalwire):
        at_prompt = "prompt" in what
        return Finding(
            "prompt" if at_prompt else "not_vitalwire",
            "problem",
            what,
            f"`vitalwire flash {port}` puts the firmware on it" if at_prompt else do,
        )
    if isinstance(error, errors.Incompatible):
        return Finding("protocol", "problem", what, do or f"`vitalwire flash {port}` makes them equal")
    if isinstance(error, errors.LinkLost):
        return Finding("link", "problem", what, do)
    return Finding("other", "problem", what, do)


def at_prompt(port: str) -> Finding:
    """A board with MicroPython and nothing that runs."""
    return Finding(
        "prompt",
        "problem",
        f"{port}: the board is at its MicroPython prompt, and no Vitalwire firmware runs",
        f"`vitalwire flash {port}` puts the firmware on it",
    )


def of_hello(identity: Any, hello: Any, ours: str, port: str) -> list[Finding]:
    """What a board says of itself."""
    found = [Finding("board", "ok", f"board {identity} ({identity.board}) says hello, firmware {identity.firmware}")]
    if identity.service:
        cause = "" if hello.reset_fault == Fault.NONE else f": {name_of(Fault, hello.reset_fault)} led there"
        found.append(
            Finding(
                "service_mode",
                "problem",
                f"it is in service mode, where nothing is measured{cause}",
                f"take its power away and give it back; after crashes first `vitalwire flash {port}`",
            )
        )
    if identity.firmware != ours:
        found.append(
            Finding(
                "firmware",
                "note",
                f"its firmware is {identity.firmware}, this program carries {ours}",
                f"`vitalwire flash {port}` makes them equal",
            )
        )
    if hello.minor != VERSION_MINOR:
        newer = hello.minor > VERSION_MINOR
        do = "install a newer vitalwire on this computer" if newer else f"`vitalwire flash {port}` makes them equal"
        said = f"it speaks protocol {VERSION_MAJOR}.{hello.minor}, this program {VERSION_MAJOR}.{VERSION_MINOR}"
        found.append(Finding("protocol", "note", said, do))
    if hello.reset_cause in (ResetCause.WATCHDOG, ResetCause.EXCEPTION):
        fault = "" if hello.reset_fault == Fault.NONE else f" ({name_of(Fault, hello.reset_fault)})"
        found.append(
            Finding(
                "crashed",
                "note",
                f"it last started after a crash: {name_of(ResetCause, hello.reset_cause)}{fault}",
                "if it comes again, make a --bundle and send it",
            )
        )
    return found


_STATUS: Final = {
    "oximeter_fault": ("the finger sensor does not work", "`vitalwire selftest buses oximeter` says what it is"),
    "cuff_fault": ("the cuff part does not work", "`vitalwire selftest buses pressure` says what it is"),
    "guard_fault": ("the guard channel does not work", "check its plug; without a sensor tie guard_adc to ground"),
    "supply_low": ("its supply is low", "charge or replace the battery, or the supply"),
    "external_tripped": ("the external layer has tripped", "take its power away and give it back, the cuff off"),
    "config_defaulted": ("some settings are the defaults", "`vitalwire config get` shows them"),
    "uncalibrated": ("it is not calibrated", "`vitalwire calibrate pressure`"),
}
_NOTES: Final = ("config_defaulted", "uncalibrated")


def of_status(status: int) -> list[Finding]:
    """What a heartbeat says is wrong."""
    names = names_of(Status, status)
    return [
        Finding(name, "note" if name in _NOTES else "problem", what, do)
        for name, (what, do) in _STATUS.items()
        if name in names
    ]


def of_line(counters: Counters, seconds: float) -> Finding:
    """How clean the line was while it was listened to."""
    bad = counters.damaged
    frames = counters.frames + bad
    if not frames:
        return Finding(
            "line", "problem", f"no frame came within {seconds:g} s", "check the cable; try another USB port"
        )
    rate = bad / frames
    said = f"{bad} of {frames} frames in {seconds:g} s were damaged ({100 * rate:.1f} %)"
    if rate > CRC_PROBLEM:
        return Finding("line", "problem", said, "another cable, shorter, without a hub; keep it away from motors")
    return Finding("line", "note" if rate > CRC_NOTE else "ok", said, "another cable" if rate > CRC_NOTE else "")


__all__ = ["RULES_FILE", "Finding", "Level", "of_error", "of_hello", "of_line", "of_status", "udev_rule"]
