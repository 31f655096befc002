# SPDX-License-Identifier: Apache-2.0
r"""HL7 v2.6: readings as IHE PCD-01 (ORU^R01), alarms as PCD-04 (ORU^R40). Pure functions of a delivery.

    MSH | PID | OBR | OBX device | OBX channel group | OBX value ... | NTE marks

OBX-4 is the place in the device: MDS.VMD.CHANNEL.METRIC, and for an alarm one facet more. A value that is absent is an
OBX without OBX-5, its status X and its reason in an NTE; there is no number for *not measured*. Marks such as
SIMULATED, LATE and UNCALIBRATED stand in an NTE, and a simulated board's messages have processing id D instead of P.
Codes and message profiles are those of IHE's Devices framework (PCD TF-2) as messages in use show them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..alarms.rules import ALL_RULES
from ..codes import CODES, Code, codes_of
from ..items import Event, Item, Origin, Reading
from ..sinks.base import Delivery

PCD_01: Final = "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
PCD_04: Final = "IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO"
CR: Final = "\r"
_MDS: Final = "69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC"
_VMD: Final = {
    "oximeter": ("1.1", "69642^MDC_DEV_ANALY_SAT_O2_VMD^MDC", "69643^MDC_DEV_ANALY_SAT_O2_CHAN^MDC"),
    "cuff": ("1.2", "69854^MDC_DEV_METER_PRESS_BLD_VMD^MDC", "69855^MDC_DEV_METER_PRESS_BLD_CHAN^MDC"),
}
_ORDER: Final = "182777000^monitoring of patient^SCT"
_ALARM: Final = "196616^MDC_EVT_ALARM^MDC"
_LOW, _HIGH = "196670^MDC_EVT_LO^MDC", "196648^MDC_EVT_HI^MDC"
_PRIORITY: Final = {"high": "PH", "medium": "PM", "low": "PL"}
_PHASE: Final = {"raised": "start", "cleared": "end"}
_STATE: Final = {"cleared": "inactive", "latched": "latched"}
_ESCAPES: Final = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": "\\X0D\\", "\n": "\\X0A\\"}
)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who sends to whom: MSH-3 to MSH-6."""

    application: str = "VITALWIRE"
    facility: str = ""
    to_application: str = ""
    to_facility: str = ""


def escape(text: str) -> str:
    """A text as a value: delimiters and line ends escaped, other control characters and halves of characters as `?`."""
    clean = "".join(c if c in "\r\n" or c.isprintable() else "?" for c in text)
    return clean.translate(_ESCAPES)


def time_text(utc_ms: int) -> str:
    """`20260101000001.200+0000`."""
    whole, ms = divmod(utc_ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y%m%d%H%M%S}.{ms:03d}+0000"


def message(delivery: Delivery, parties: Parties = Parties()) -> str | None:
    """The message of a delivery; None for what HL7 is not told: waves, and events that are no alarms. Segments end with
    CR. A repeat has the same control id (MSH-10)."""
    item = delivery.item
    if isinstance(item, Reading):
        return _reading(item, delivery, parties)
    if isinstance(item, Event) and item.alarm:
        return _alarm(item, delivery, parties)
    return None


def file_lines(origin: Origin, items: Iterable[Item], parties: Parties = Parties()) -> Iterator[str]:
    """A batch file of a whole session: FHS, BHS, its messages, BTS, FTS."""
    name = escape(f"{origin.session or origin.board or 'session'}")
    head = f"|^~\\&|{escape(parties.application)}|{escape(parties.facility)}||||||{name}"
    yield f"FHS{head}{CR}BHS{head}{CR}"
    count = 0
    for number, item in enumerate(items, 1):
        late = not isinstance(item, Event) and "late" in item.flags
        made = message(Delivery(number, item, origin, f"{origin.session or 'session'}-{number}", late), parties)
        if made is not None:
            count += 1
            yield made
    yield f"BTS|{count}{CR}FTS|1{CR}"


def _head(delivery: Delivery, parties: Parties, kind: str, profile: str, utc_ms: int, order: str) -> list[str]:
    origin = delivery.origin
    key = escape(delivery.key or str(delivery.number))
    names = (parties.application, parties.facility, parties.to_application, parties.to_facility)
    who = "|".join(map(escape, names))
    use = "D" if origin.simulated else "P"  # debugging: nobody's measurement
    made = time_text(utc_ms)
    patient = f"{escape(origin.patient)}^^^{escape(parties.facility or 'VITALWIRE')}^PI" if origin.patient else ""
    return [
        f"MSH|^~\\&|{who}|{made}||{kind}|{key}|{use}|2.6|||AL|NE||UNICODE UTF-8|||{profile}",
        # S: a pseudonym; the record knows no names.
        f"PID|||{patient}||^^^^^^S",
        *([f"PV1||U|{escape(origin.bed)}"] if origin.bed else []),
        f"OBR|1|{key}^VITALWIRE|{key}^VITALWIRE|{order}|||{made}",
    ]


def _reading(reading: Reading, delivery: Delivery, parties: Parties) -> str:
    segments = _head(delivery, parties, "ORU^R01^ORU_R01", PCD_01, reading.utc_ms, _ORDER)
    device = escape(delivery.origin.board)
    made = time_text(reading.utc_ms)
    reasons = dict(reading.reasons)
    segments.append(_obx(1, "", _MDS, "1.0.0.0", "", "", "", "X", made, device))
    group, number = "", 1
    for code in codes_of(reading.source):
        place, vmd, channel = _VMD[code.source]
        value = getattr(reading, code.field)
        if reading.source == "manual" and value is None:
            continue  # a person enters what was taken, and nothing is missing beside it
        if place != group:
            group = place
            segments.append(_obx(number + 1, "", vmd, f"{place}.0.0", "", "", "", "X", made, device))
            segments.append(_obx(number + 2, "", channel, f"{place}.1.0", "", "", "", "X", made, device))
            number += 2
        number += 1
        segments.append(_value(number, code, value, made, device, reading.source == "manual"))
        if value is None or code.field in reasons:
            segments.append(f"NTE|1|D|{escape(code.field)}: {escape(reasons.get(code.field, 'not measured'))}")
    return _with_marks(segments, reading.flags, delivery, reading.doubts)


def _value(number: int, code: Code, value: float | None, made: str, device: str, manual: bool) -> str:
    kind = f"{code.mdc}^{code.mdc_name}^MDC"
    unit = f"{code.unit.mdc}^{code.unit.mdc_name}^MDC"
    place = f"{_VMD[code.source][0]}.1.{1 + [c for c in CODES if c.source == code.source].index(code)}"
    shown = "" if value is None else f"{value:.{code.places}f}"
    return _obx(
        number,
        "NM",
        kind,
        place,
        shown,
        unit,
        "",
        "X" if value is None else "R",
        made,
        device,
        "MMEAS" if manual else "",
    )


def _obx(
    number: int, kind: str, code: str, place: str, value: str, unit: str, limits: str, status: str, made: str,
    device: str, method: str = "", flags: str = "",
) -> str:  # fmt: skip
    """OBX-1 to OBX-18. OBX-17 `MMEAS` is a value that a person took (PCD TF-2: manual measurement)."""
    text = f"OBX|{number}|{kind}|{code}|{place}|{value}|{unit}|{limits}|{flags}|||{status}|||{made}|||{method}|{device}"
    return text.rstrip("|")


def _alarm(event: Event, delivery: Delivery, parties: Parties) -> str:
    segments = _head(delivery, parties, "ORU^R40^ORU_R40", PCD_04, event.utc_ms, _ALARM)
    device, made = escape(delivery.origin.board), time_text(event.utc_ms)
    rule = ALL_RULES.get(event.name)
    low = rule is not None and rule.low
    code = next((c for c in CODES if rule and (c.field, c.source) == (rule.field, rule.source)), None)
    physiological = event.kind == "physiological"
    kind = _ALARM if code is None else _LOW if low else _HIGH
    place = "1.0.0" if code is None else f"{_VMD[code.source][0]}.1"
    flags = "~".join(
        word
        for word in (
            ("L" if low else "H") if code is not None else "",
            _PRIORITY.get(event.priority, "PN"),
            "SP" if physiological else "ST",
        )
        if word
    )
    said = escape(event.name.replace("_", " ") + (f": {event.detail}" if event.detail else ""))
    segments.append(_obx(1, "ST", kind, f"{place}.1.1", said, "", "", "R", made, device, "", flags))
    if code is not None:
        value = "" if event.value is None else f"{event.value:.{code.places}f}"
        limit = "" if event.limit is None else f"{event.limit:g}-" if low else f"-{event.limit:g}"
        unit = f"{code.unit.mdc}^{code.unit.mdc_name}^MDC"
        status = "R" if value else "X"
        source = f"{code.mdc}^{code.mdc_name}^MDC"
        segments.append(_obx(2, "NM", source, f"{place}.1.2", value, unit, limit, status, made, device, "", flags))
    else:
        segments.append(
            _obx(2, "ST", "68480^MDC_ATTR_ALERT_SOURCE^MDC", f"{place}.1.2", device, "", "", "R", made, device)
        )
    phase = _PHASE.get(event.state, "update")
    state = _STATE.get(event.state, "active")
    quiet = "alarm-acknowledged" if event.state == "acknowledged" else "enabled"
    for number, name, text in (
        (3, "68481^MDC_ATTR_EVENT_PHASE^MDC", phase),
        (4, "68482^MDC_ATTR_ALARM_STATE^MDC", state),
        (5, "68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC", quiet),
        (6, "68484^MDC_ATTR_ALARM_PRIORITY^MDC", _PRIORITY.get(event.priority, "PN")),
        (7, "68485^MDC_ATTR_ALERT_TYPE^MDC", "SP" if physiological else "ST"),
    ):
        segments.append(_obx(number, "ST", name, f"{place}.1.{number}", text, "", "", "R", made, device))
    return _with_marks(segments, event.flags, delivery, ())


def _with_marks(segments: list[str], flags: tuple[str, ...], delivery: Delivery, doubts: tuple[str, ...]) -> str:
    """Says what a reader must know of the values, once each."""
    marks = dict.fromkeys(flags)
    marks |= {"simulated": None} if delivery.origin.simulated else {}
    marks |= {"late": None} if delivery.late else {}
    marks |= {"repeated": None} if delivery.repeated else {}
    words = [word.upper().replace("_", " ") for word in marks]
    notes = ([f"NTE|1|D|{escape(', '.join(words))}"] if words else []) + [
        f"NTE|2|D|doubtful: {escape(', '.join(doubts))}" for _ in range(1) if doubts
    ]
    return CR.join([*segments, *notes]) + CR


__all__ = ["PCD_01", "PCD_04", "Parties", "escape", "file_lines", "message", "time_text"]
