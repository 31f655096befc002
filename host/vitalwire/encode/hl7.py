# SPDX-License-Identifier: Apache-2.0
r"""HL7 v2.6: readings as IHE PCD-01 (ORU^R01), alarms as PCD-04 (ORU^R40). Pure functions of a delivery.

    MSH | PID | PV1 bed | OBR | NTE marks | OBX device | OBX group, channel | OBX value, NTE reason ...

OBX-4 is the place in the device: MDS.VMD.CHANNEL.METRIC, and for an alarm one facet more. A value that is absent is an
OBX without OBX-5, its status X and its reason in an NTE; there is no number for *not measured*. Marks such as
SIMULATED, LATE and UNCALIBRATED stand in the NTE behind OBR, and a simulated board's messages have processing id D
instead of P. The time of a message (MSH-7) is that of what it tells, so a repeat differs in its REPEATED alone.

Segments, escapes and tables: HL7 v2.6, chapters 2 and 7. Message profiles, containment, the facets of an alarm and the
codes of device parts: IHE Devices (PCD TF-2) as messages of several makers show them, not checked in the standard. What
only one of them shows is left out: OBX-8 of readings, and MDC codes for technical alarms, which have a code of our own
(99VITALWIRE). An alarm's later messages name no parent (OBR-29): a place and a name have one alarm at a time.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..alarms.rules import ALL_RULES, TECHNICAL_RULES
from ..codes import CODES, Code, codes_of
from ..items import Event, Item, Origin, Reading
from ..link.readings import iso_utc
from ..sinks.base import Delivery

PCD_01: Final = "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
PCD_04: Final = "IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO"
CR: Final = "\r"
SYSTEM: Final = "99VITALWIRE"
"""The coding system of our own codes; HL7 table 0396 keeps 99... for local ones."""
KEY_MAX: Final = 20
"""Characters of MSH-10 that every receiver of HL7 v2.6 keeps."""
_CHARSET: Final = "UNICODE UTF-8"
_MDS: Final = "69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC"
_VMD: Final = {
    "oximeter": ("1.1", "69642^MDC_DEV_ANALY_SAT_O2_VMD^MDC", "69643^MDC_DEV_ANALY_SAT_O2_CHAN^MDC"),
    "cuff": ("1.2", "70686^MDC_DEV_PRESS_BLD_NONINV_VMD^MDC", "70687^MDC_DEV_PRESS_BLD_NONINV_CHAN^MDC"),
}
_ORDER: Final = "182777000^monitoring of patient^SCT"
_ALARM: Final = "196616^MDC_EVT_ALARM^MDC"
_LOW, _HIGH = "196670^MDC_EVT_LO^MDC", "196648^MDC_EVT_HI^MDC"
_SOURCE: Final = "68480^MDC_ATTR_ALERT_SOURCE^MDC"
_PRIORITY: Final = {"high": "PH", "medium": "PM", "low": "PL"}
_PHASE: Final = {"raised": "start", "cleared": "end"}
_STATE: Final = {"cleared": "inactive", "latched": "latched"}
_ESCAPES: Final = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
    | {chr(code): f"\\X{code:02X}\\" for code in (*range(0x20), 0x7F)}
)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who sends to whom: MSH-3 to MSH-6. Each may have components: `NAME^1.2.3^ISO`."""

    application: str = "VITALWIRE"
    facility: str = ""
    to_application: str = ""
    to_facility: str = ""


def escape(text: str) -> str:
    r"""A text as a value: delimiters by name, control characters as `\Xhh\`; what is no Unicode becomes `?`."""
    # No byte of UTF-8 beyond ASCII is a delimiter or the end of an MLLP block, so such characters stay as they are.
    return text.encode(errors="replace").decode().translate(_ESCAPES)


def time_text(utc_ms: int) -> str:
    """`20260101000001.200+0000`."""
    return iso_utc(utc_ms).translate({ord(c): None for c in "-:TZ"}) + "+0000"


def control_id(delivery: Delivery) -> str:
    """MSH-10: the key of the delivery, or 20 hex digits of its SHA-256 where it is longer than MSH-10 may be. A repeat
    has the same; the whole key is the order number (OBR-3)."""
    key = escape(delivery.key or str(delivery.number))
    return key if len(key) <= KEY_MAX else hashlib.sha256(key.encode()).hexdigest()[:KEY_MAX]


def message(delivery: Delivery, parties: Parties = Parties()) -> str | None:
    """The message of a delivery; None for what HL7 is not told: waves, and events that are no alarms. Segments end with
    CR."""
    item = delivery.item
    if isinstance(item, Reading):
        return _reading(item, delivery, parties)
    if isinstance(item, Event) and item.alarm:
        return _alarm(item, delivery, parties)
    return None


def file_lines(origin: Origin, items: Iterable[Item], parties: Parties = Parties()) -> Iterator[str]:
    """A batch file of a whole session, message by message: FHS, BHS, its messages, BTS, FTS."""
    name = escape(origin.session or origin.board or "session")
    made = "" if origin.started_utc_ms is None else time_text(origin.started_utc_ms)
    head = f"|^~\\&|{_names(parties)}|{made}||{name}||{name}"
    yield f"FHS{head}{CR}BHS{head}{CR}"
    count = 0
    for number, item in enumerate(items, 1):
        late = not isinstance(item, Event) and "late" in item.flags
        text = message(Delivery(number, item, origin, f"{origin.session or 'session'}-{number}", late), parties)
        if text is not None:
            count += 1
            yield text
    yield f"BTS|{count}{CR}FTS|1{CR}"


def _names(parties: Parties) -> str:
    names = (parties.application, parties.facility, parties.to_application, parties.to_facility)
    return "|".join("^".join(map(escape, name.split("^"))) for name in names)


def _head(delivery: Delivery, parties: Parties, kind: str, profile: str, order: str, notes: list[str]) -> list[str]:
    origin, item = delivery.origin, delivery.item
    key = escape(delivery.key or str(delivery.number))
    made = time_text(item.utc_ms)
    use = "D" if _simulated(delivery) else "P"  # debugging: nobody's measurement
    authority = escape(parties.facility.partition("^")[0] or "VITALWIRE")
    patient = f"{escape(origin.patient)}^^^{authority}^PI" if origin.patient else ""
    return [
        f"MSH|^~\\&|{_names(parties)}|{made}||{kind}|{control_id(delivery)}|{use}|2.6|||AL|NE||{_CHARSET}|||{profile}",
        # The record knows codes and no names; of a name there is its kind alone: S a pseudonym, U not specified.
        f"PID|||{patient}||^^^^^^{'S' if patient else 'U'}",
        *([f"PV1||U|^^{escape(origin.bed)}"] if origin.bed else []),
        f"OBR|1|{key}^VITALWIRE|{key}^VITALWIRE|{order}|||{made}",
        *_notes([*_marks(delivery), *notes]),
    ]


def _simulated(delivery: Delivery) -> bool:
    return delivery.origin.simulated or "simulated" in delivery.item.flags


def _marks(delivery: Delivery) -> list[str]:
    """What a reader must know of all that follows, in one line."""
    marks = dict.fromkeys(delivery.item.flags)
    said = {"simulated": _simulated(delivery), "late": delivery.late, "repeated": delivery.repeated}
    marks |= dict.fromkeys(word for word, so in said.items() if so)
    return [", ".join(word.upper().replace("_", " ") for word in marks)] if marks else []


def _notes(texts: Iterable[str]) -> list[str]:
    """NTE-2 is L: whoever filled the order says so (HL7 table 0105)."""
    return [f"NTE|{number}|L|{escape(text)}" for number, text in enumerate(texts, 1)]


# ------------------------------------------------------------ readings


def _reading(reading: Reading, delivery: Delivery, parties: Parties) -> str:
    manual = reading.source == "manual"
    notes = ["entered by a person"] if manual else []
    notes += [f"doubtful: {', '.join(reading.doubts)}"] if reading.doubts else []
    segments = _head(delivery, parties, "ORU^R01^ORU_R01", PCD_01, _ORDER, notes)
    # What a person entered was not measured by this device: it is the place of such values, and not their source.
    device = _device(delivery.origin)
    made = time_text(reading.utc_ms)
    reasons = dict(reading.reasons)
    segments.append(_obx(1, "", _MDS, "1.0.0.0", status="X", made=made, device=device))
    group, number = "", 1
    for code in codes_of(reading.source):
        place, vmd, channel = _VMD[code.source]
        value = _number(getattr(reading, code.field), code)
        if manual and not value:
            continue  # a person enters what was taken, and nothing is missing beside it
        if place != group:
            group = place
            segments.append(_obx(number + 1, "", vmd, f"{place}.0.0", status="X", made=made, device=device))
            segments.append(_obx(number + 2, "", channel, f"{place}.1.0", status="X", made=made, device=device))
            number += 2
        number += 1
        segments.append(
            _obx(
                number,
                "NM",
                f"{code.mdc}^{code.mdc_name}^MDC",
                _place(code),
                value,
                _unit(code),
                status="F" if value else "X",
                made=made,
                method="MMEAS^manual-measurement^MDC" if manual else "",
                device="" if manual else device,
            )
        )
        if not value or code.field in reasons:
            segments += _notes([f"{code.field}: {reasons.get(code.field, 'not measured')}"])
    return CR.join(segments) + CR


def _number(value: float | None, code: Code) -> str:
    """With its decimals; empty for what is none."""
    return "" if value is None or not math.isfinite(value) else f"{value:.{code.places}f}"


def _place(code: Code) -> str:
    metric = 1 + [one for one in CODES if one.source == code.source].index(code)
    return f"{_VMD[code.source][0]}.1.{metric}"


def _unit(code: Code) -> str:
    return f"{code.unit.mdc}^{code.unit.mdc_name}^MDC"


def _device(origin: Origin) -> str:
    return f"{escape(origin.board)}^VITALWIRE" if origin.board else ""


def _obx(
    number: int, kind: str, code: str, place: str, value: str = "", unit: str = "", *, limits: str = "",
    flags: str = "", status: str = "F", made: str = "", method: str = "", device: str = "",
) -> str:  # fmt: skip
    """OBX-1 to OBX-18, of values that are escaped already."""
    text = f"OBX|{number}|{kind}|{code}|{place}|{value}|{unit}|{limits}|{flags}|||{status}|||{made}|||{method}|{device}"
    return text.rstrip("|")


# ------------------------------------------------------------ alarms


def _alarm(event: Event, delivery: Delivery, parties: Parties) -> str:
    notes = [f"by {event.by}"] if event.by else []
    segments = _head(delivery, parties, "ORU^R40^ORU_R40", PCD_04, _ALARM, notes)
    device, made = _device(delivery.origin), time_text(event.utc_ms)
    rule = ALL_RULES.get(event.name)
    code = next((c for c in CODES if rule and (c.field, c.source) == (rule.field, rule.source)), None)
    priority = _PRIORITY.get(event.priority, "PN")
    # A board outside a session calls every alarm physiological; its name says what it is.
    kind = "ST" if event.kind == "technical" or event.name in TECHNICAL_RULES else "SP"
    if rule is not None and code is not None:
        place = _place(code)
        flags = f"{'L' if rule.low else 'H'}~{priority}~{kind}"
        said = event.name.replace("_", " ") + (f": {event.detail}" if event.detail else "")
        what = _LOW if rule.low else _HIGH
        segments.append(_obx(1, "ST", what, f"{place}.1", escape(said), flags=flags, made=made, device=device))
        value = _number(event.value, code)
        limit = _number(event.limit, code)
        segments.append(
            _obx(
                2,
                "NM",
                f"{code.mdc}^{code.mdc_name}^MDC",
                f"{place}.2",
                value,
                _unit(code),
                limits=f"{'>' if rule.low else '<'}{limit}" if limit else "",  # where it would be good
                status="F" if value else "X",
                made=made,
                device=device,
            )
        )
    else:
        place = "1.0.0.0"
        technical = TECHNICAL_RULES.get(event.name)
        said = technical.text if technical else event.name.replace("_", " ")
        what = f"{escape(event.name)}^{escape(said)}^{SYSTEM}"
        flags = f"{priority}~{kind}"
        segments.append(_obx(1, "CWE", _ALARM, f"{place}.1", what, flags=flags, made=made, device=device))
        segments += _notes([event.detail] if event.detail else [])
        segments.append(_obx(2, "CWE", _SOURCE, f"{place}.2", _MDS, made=made, device=device))
    quiet = "alert-acknowledged" if event.state == "acknowledged" else "enabled"
    for number, name, text in (
        (3, "68481^MDC_ATTR_EVENT_PHASE^MDC", _PHASE.get(event.state, "update")),
        (4, "68482^MDC_ATTR_ALARM_STATE^MDC", _STATE.get(event.state, "active")),
        (5, "68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC", quiet),
        (6, "68484^MDC_ATTR_ALARM_PRIORITY^MDC", priority),
        (7, "68485^MDC_ATTR_ALERT_TYPE^MDC", kind),
    ):
        segments.append(_obx(number, "ST", name, f"{place}.{number}", text, made=made, device=device))
    return CR.join(segments) + CR


__all__ = ["KEY_MAX", "PCD_01", "PCD_04", "SYSTEM", "Parties", "control_id", "escape", "file_lines", "message",
           "time_text"]  # fmt: skip
