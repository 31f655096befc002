# SPDX-License-Identifier: Apache-2.0
"""Home Assistant's MQTT discovery: the retained messages that make a board one of its devices. Pure.

A value that is cleared shows as `unknown`, one that is older than it may be as `unavailable`, and so does everything
while the board is not heard (alarms: while the program is not there). Units are fixed: mmHg is not turned into the psi
of the room's barometer, so the pressures have no `device_class`.
"""

from __future__ import annotations

from typing import Any, Final

from ..alarms.rules import LIMIT_RULES, TECHNICAL_RULES
from ..codes import CODES
from ..encode.envelope import to_json
from ..items import Origin
from .mqtt_topics import CUFF_TIME, OFFLINE, ONLINE, Message, Topics, level

PREFIX: Final = "homeassistant"
_VALUE: Final = "{{ value if value else 'None' }}"  # an empty state is ignored, 'None' makes it unknown
_HEARD: Final = f"{{{{ '{ONLINE}' if value == '{ONLINE}' else '{OFFLINE}' }}}}"
_THERE: Final = f"{{{{ '{OFFLINE}' if value == '{OFFLINE}' else '{ONLINE}' }}}}"


def discovery(topics: Topics, origin: Origin, expire_s: int, cuff_expire_s: int, prefix: str = PREFIX) -> list[Message]:
    """One retained message for each sensor and alarm of this board."""
    board = level(origin.board)
    node = "vitalwire_" + "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in board)
    device = {
        "identifiers": [node],
        "name": f"Vitalwire {origin.bed or board}" + (" (simulated)" if origin.simulated else ""),
        "manufacturer": "Vitalwire",
        "model": "Simulated board" if origin.simulated else "Bedside monitor",
        "serial_number": board,
        **({"sw_version": origin.firmware} if origin.firmware else {}),
    }

    def message(component: str, name: str, about: dict[str, Any], heard: str) -> Message:
        values = {
            **about,
            "unique_id": f"{node}_{name}",
            "availability_topic": topics.topic("status"),
            "availability_template": heard,
            "device": device,
        }
        return Message(f"{prefix}/{component}/{node}/{name}/config", to_json(values), retain=True, json=True)

    found = []
    for code in CODES:
        cuff = code.source == "cuff"
        name = f"cuff_{code.field}" if cuff and code.field == "pulse_bpm" else code.field
        about = {
            "name": code.title,
            "state_topic": topics.topic("state", name),
            "unit_of_measurement": "bpm" if code.field == "pulse_bpm" else code.unit.text,
            "state_class": "measurement",
            "suggested_display_precision": 0 if code.places == 1 else code.places,
            "expire_after": cuff_expire_s if cuff else expire_s,
            "value_template": _VALUE,
        }
        found.append(message("sensor", name, about, _HEARD))
    cuff_time = {
        "name": "Cuff reading at",
        "state_topic": topics.topic("state", CUFF_TIME),
        "device_class": "timestamp",
        "expire_after": cuff_expire_s,
        "value_template": _VALUE,
    }
    found.append(message("sensor", CUFF_TIME, cuff_time, _HEARD))
    alarms = {name: _title(name) for name in LIMIT_RULES} | {rule.name: rule.text for rule in TECHNICAL_RULES.values()}
    for name, title in alarms.items():
        about = {
            "name": title,
            "state_topic": topics.topic("alarms"),
            "device_class": "problem",
            "value_template": f"{{{{ 'ON' if '{name}' in value_json.active else 'OFF' }}}}",
        }
        found.append(message("binary_sensor", name, about, _THERE))
    worst = {
        "name": "Any alarm",
        "state_topic": topics.topic("alarms"),
        "device_class": "problem",
        "value_template": "{{ 'ON' if value_json.count else 'OFF' }}",
        "json_attributes_topic": topics.topic("alarms"),
    }
    found.append(message("binary_sensor", "alarm", worst, _THERE))
    return found


def _title(rule: str) -> str:
    """`SpO2 low`, `Systolic blood pressure high`."""
    about = LIMIT_RULES[rule]
    titles = {code.field: code.title for code in reversed(CODES)}
    return f"{titles[about.field]} {'low' if about.low else 'high'}"


__all__ = ["PREFIX", "discovery"]
