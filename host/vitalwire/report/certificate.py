# SPDX-License-Identifier: Apache-2.0
"""From the result of a self-test to a certificate: a JSON record with its hash, a page and a PDF.

Only a result that passed yields one. What it says is the result's and the calibrations' alone: the same ones give the
same record, so that its SHA-256 proves that nothing was changed since.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from ..errors import CheckFailed, UsageError
from ..given_files import write_whole
from ..service.calibrate.days import DUE_MONTHS, months_later
from ..service.calibrate.store import safe_name
from ..service.selftest.catalogue import CATALOGUE

FORMAT: Final = "vitalwire-certificate"
VERSION: Final = 1
RESULT_FORMAT: Final = "vitalwire-selftest"
PLACE: Final = "VITALWIRE_CERTIFICATES"
"""The environment variable that names another folder for certificates than the default one."""
CHANNELS: Final = {"cuff": "cuff pressure", "guard": "guard pressure", "curve": "SpO2 curve"}
TEXT_MAX: Final = 300
"""So many characters still fit into a cell of a page."""
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


@dataclass(frozen=True)
class Certificate:
    """A certificate that was made, and where its three files are."""

    record: dict[str, Any]
    sha256: str
    json_file: Path
    html_file: Path
    pdf_file: Path

    @property
    def serial(self) -> str:
        return str(self.record["device"]["serial"])

    @property
    def next_due(self) -> str:
        return str(self.record["next_due"])


def default_folder() -> Path:
    """The folder that `VITALWIRE_CERTIFICATES` names, else `Vitalwire/certificates` in the user's home."""
    try:
        named = os.environ.get(PLACE, "").strip()
        return Path(named).expanduser() if named else Path.home() / "Vitalwire" / "certificates"
    except RuntimeError as error:
        raise UsageError(f"there is no folder for certificates: {error}", f"set {PLACE}") from None


def make_certificate(
    result: Mapping[str, Any],
    folder: Path,
    calibrations: Sequence[Mapping[str, Any]] = (),
    months: int = DUE_MONTHS,
) -> Certificate:
    """Writes the certificate of a self-test's result into `folder`.

    `calibrations` are records of the board's history (`service.calibrate.store`): they name the instruments. Raises
    CheckFailed where the result has not passed or is not whole, and UsageError where nothing can be written or drawn.
    """
    record = record_of(result, calibrations, months)
    digest = sha256_of(record)
    from .certificate_page import page
    from .certificate_pdf import document

    text = json.dumps(
        {"format": FORMAT, "version": VERSION, "sha256": digest, "record": record},
        indent=1, ensure_ascii=False, allow_nan=False,
    )  # fmt: skip
    files = {".json": (text + "\n").encode(), ".html": page(record, digest).encode(), ".pdf": document(record, digest)}
    stamp = re.sub(r"[-:]", "", str(record["tested_utc"])).split(".")[0].rstrip("Z") + "Z"
    paths = _write(folder, f"{safe_name(str(record['device']['serial']))}_{stamp}", files)
    return Certificate(record, digest, *paths)


def record_of(
    result: Mapping[str, Any], calibrations: Sequence[Mapping[str, Any]] = (), months: int = DUE_MONTHS
) -> dict[str, Any]:
    """What the certificate says. Raises CheckFailed, with why, for a result that yields none."""
    check_whole(result)
    _check_texts(result)
    _check_passed(result)
    day = date.fromisoformat(result["finished_utc"][:10])
    dues = {one["kind"]: one for one in result["calibration"]}
    limits = [one["due"] for one in dues.values() if one.get("due")]
    next_due = min([months_later(day, months).isoformat(), *limits])
    serial = result["device"]["serial"]
    return {
        "result": "passed",
        "simulated": result["simulated"],
        "marks": _marks(result, dues, day),
        "device": dict(result["device"]),
        "versions": dict(result["versions"]),
        "by": result.get("by"),
        "tested_utc": result["finished_utc"],
        "next_due": next_due,
        "calibration": [dict(one) for one in result["calibration"]],
        "instruments": _instruments(result, [one for one in calibrations if one.get("serial") == serial]),
        "selftest": dict(result),
    }


def sha256_of(record: Mapping[str, Any]) -> str:
    """Of the record as JSON with sorted keys and no spaces, in UTF-8."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# ---------------------------------------------------------------- what a result must be


def _check_passed(result: Mapping[str, Any]) -> None:
    verdict = result["result"]
    bad = [test for test in result["tests"] if test["verdict"] != "passed" or not all(map(_within, test["values"]))]
    ids = {test["id"] for test in result["tests"]}
    absent = [test.title for test in CATALOGUE if test.id not in ids]
    if verdict == "passed" and not bad and not absent:
        return
    none = f"no certificate for {result['device']['serial']}"
    why = "; ".join(_why(test) for test in bad[:6]) + (f"; and {len(bad) - 6} more" if len(bad) > 6 else "")
    if verdict == "failed":
        raise CheckFailed(f"{none}: the self-test FAILED: {why or 'it does not say where'}", _MEND)
    if verdict == "incomplete":
        raise CheckFailed(f"{none}: the self-test is INCOMPLETE: {why or 'it says no more'}", _WHOLE)
    if verdict == "passed":
        rest = f"{len(absent)} of {len(CATALOGUE)} tests are not in it: {', '.join(absent[:3])}"
        raise CheckFailed(f"{none}: it says passed, but {why or rest}", _WHOLE)
    raise CheckFailed(f"{none}: the self-test's result is {verdict!r}", _WHOLE)


_MEND: Final = "mend what failed, then run `vitalwire selftest` again"
_AGAIN: Final = "run the self-test again"
_WHOLE: Final = "run `vitalwire selftest` with the cuff on the cylinder and somebody beside the board"


def _why(test: Mapping[str, Any]) -> str:
    said = f"{test['title']} {test['verdict'].replace('_', ' ')}"
    values = [value for value in test["values"] if value["verdict"] == "failed" or not _within(value)]
    if values:
        one = values[0]
        return f"{said} ({one['name']} {number_text(one['value'])} {one['unit']}, limit {limit_text(one)})"
    return said + (f" ({test['reason']})" if test.get("reason") else "")


def _within(value: Mapping[str, Any]) -> bool:
    """Whether a value was measured and lies between its limits, whatever the result calls it."""
    number, low, high = (value.get(key) for key in ("value", "low", "high"))
    return number is not None and (low is None or number >= low) and (high is None or number <= high)


def check_whole(result: Mapping[str, Any]) -> None:
    """Raises CheckFailed that names the first thing that is not what it should be."""
    if result.get("format") != RESULT_FORMAT:
        raise CheckFailed("this is no result of a self-test", "give what `vitalwire selftest --json` printed")
    if result.get("version") != 1:
        raise CheckFailed(
            f"the result is of version {result.get('version')!r}, this program reads 1", "update vitalwire"
        )
    _of_types("result", result, _RESULT)
    _of_types("device", result["device"], {"serial": str, "board": str, "firmware": str})
    if not result["device"]["serial"].strip():
        raise CheckFailed("the result names no serial number: a certificate is for one board", _AGAIN)
    for name in ("started_utc", "finished_utc"):
        if not _UTC.fullmatch(result[name]) or not _is_date(result[name][:10]):
            raise CheckFailed(f"the result's {name} is no time: {result[name]!r}", _AGAIN)
    for one in result["calibration"]:
        _of_types("calibration", one, {"kind": str})
        if one.get("due") is not None and not _is_date(one["due"]):
            raise CheckFailed(f"the result's calibration of {one['kind']} is due on {one['due']!r}, no date", _AGAIN)
    for test in result["tests"]:
        _of_types("test", test, {"id": str, "group": str, "title": str, "verdict": str, "values": list})
        for value in test["values"]:
            _of_types(f"value of {test['id']}", value, {"name": str, "unit": str, "source": str, "verdict": str})
            for key in ("value", "low", "high"):
                number = value.get(key)
                if not isinstance(number, int | float | None) or isinstance(number, bool) or not _sane(number):
                    raise CheckFailed(f"{test['id']}: {key} of {value['name']} is no number", _AGAIN)


_RESULT: Final = {
    "result": str, "simulated": bool, "device": dict, "versions": dict, "calibration": list, "tests": list,
    "started_utc": str, "finished_utc": str,
}  # fmt: skip


def _sane(number: float | None) -> bool:
    return number is None or abs(number) < 1e15  # which no NaN is


def _check_texts(given: object) -> None:
    """Raises CheckFailed for a text that no page can show."""
    if isinstance(given, Mapping):
        for name, one in given.items():
            _check_texts(name)
            _check_texts(one)
    elif isinstance(given, list):
        for one in given:
            _check_texts(one)
    elif isinstance(given, str) and (len(given) > TEXT_MAX or not given.isprintable()):
        what = f"{given[:20]!r}... of {len(given)} characters" if len(given) > TEXT_MAX else repr(given)
        raise CheckFailed(f"the result has a text that no page can show: {what}", _AGAIN)


def _is_date(text: object) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _of_types(what: str, given: object, types: Mapping[str, type]) -> None:
    if not isinstance(given, Mapping):
        raise CheckFailed(f"the result is damaged: its {what} is no object", _AGAIN)
    for name, kind in types.items():
        if not isinstance(given.get(name), kind):
            raise CheckFailed(
                f"the result is damaged: {what} has no {name}, or another type", "run the self-test again"
            )


# ---------------------------------------------------------------- what it says besides


def _marks(result: Mapping[str, Any], dues: Mapping[str, Any], day: date) -> list[str]:
    """Words that stand large on every page."""
    marks = ["SIMULATED"] if result["simulated"] else []
    if any(kind not in dues for kind in CHANNELS):
        marks.append("NOT CALIBRATED")
    if any(one.get("due") and one["due"] < day.isoformat() for one in dues.values()):
        marks.append("CALIBRATION OVERDUE")
    return marks


def _instruments(result: Mapping[str, Any], calibrations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The references of the calibration in force, the last of each kind, and the test cylinder."""
    last: dict[str, Mapping[str, Any]] = {}
    for one in sorted(calibrations, key=lambda one: str(one.get("done_utc"))):
        if one.get("result") == "adjusted" and str(one.get("done_utc")) <= result["finished_utc"]:
            last[str(one.get("kind"))] = one
    found = [
        {"use": f"{kind} calibration of {one.get('date')} by {one.get('by')}{_room(one)}", **_reference(one)}
        for kind, one in sorted(last.items())
    ]
    if result.get("cuff_on_cylinder"):
        found.append({"use": "tests under pressure", "make": "rigid test cylinder", "serial": None, "due": None})
    return found


def _room(one: Mapping[str, Any]) -> str:
    room_degc = one.get("room_degc")
    return f", room {room_degc:g} degC" if isinstance(room_degc, int | float) else ""


def _reference(one: Mapping[str, Any]) -> dict[str, Any]:
    reference = one.get("reference")
    reference = reference if isinstance(reference, Mapping) else {}
    return {name: reference.get(name) for name in ("make", "serial", "due")}


# ---------------------------------------------------------------- words


def number_text(value: float | None) -> str:
    """Up to four digits that count; a dash where nothing was measured."""
    if value is None:
        return "-"
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e12):
        return f"{int(value)}"
    return f"{value:.{max(0, 3 - len(str(int(abs(value)))))}f}" if abs(value) >= 1 else f"{value:.3g}"


def limit_text(value: Mapping[str, Any]) -> str:
    """`at most 6`, `at least 3`, `-3 to 3`, or a dash where there is none."""
    low, high = value.get("low"), value.get("high")
    if low is None and high is None:
        return "-"
    if low is None:
        return f"at most {number_text(high)}"
    if high is None:
        return f"at least {number_text(low)}"
    return number_text(low) if low == high else f"{number_text(low)} to {number_text(high)}"


def _write(folder: Path, name: str, files: Mapping[str, bytes]) -> list[Path]:
    """The three files under one name; what is there is not written over unless it is the same certificate."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, 100):
            stem = folder / (name if number == 1 else f"{name}-{number}")
            record = stem.with_name(stem.name + ".json")
            if record.exists() and record.read_bytes() != files[".json"]:
                continue
            paths = []
            for ending in (".html", ".pdf", ".json"):  # the record last: where it is, the others are
                path = stem.with_name(stem.name + ending)
                write_whole(path, files[ending], "give another --out")
                paths.append(path)
            return [paths[2], paths[0], paths[1]]
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}", "give another --out") from None
    raise UsageError(f"{folder} holds too many certificates named {name}", "give another --out")


__all__ = [
    "FORMAT", "VERSION", "Certificate", "check_whole", "default_folder", "limit_text", "make_certificate",
    "number_text", "record_of", "sha256_of",
]  # fmt: skip
