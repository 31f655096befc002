# SPDX-License-Identifier: Apache-2.0
"""An item together with how it was delivered and whom it is of, as one flat JSON object."""

from __future__ import annotations

import json
import math
from typing import Any

from ..sinks.base import Delivery


def envelope(delivery: Delivery) -> dict[str, Any]:
    """`as_dict` of the item, then `number`, `key`, `late`, `repeated` of its delivery and `board`, `bed`, `session`,
    `patient`, `profile`, `simulated` of its origin. `item_of` takes it back."""
    origin = delivery.origin
    return {
        **delivery.item.as_dict(),
        "number": delivery.number,
        "key": delivery.key,
        "late": delivery.late,
        "repeated": delivery.repeated,
        "board": origin.board,
        "bed": origin.bed,
        "session": origin.session,
        "patient": origin.patient,
        "profile": origin.profile,
        "simulated": origin.simulated,
    }


def to_json(values: dict[str, Any]) -> str:
    """One line of JSON. What is no number (NaN, infinite) is null, as what was not measured: JSON has no other word."""
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
        text = json.dumps(finite, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A byte of an argument that was no UTF-8 is half a character here, and would not be UTF-8 again.
    return text if text.isascii() else text.encode(errors="replace").decode()


__all__ = ["envelope", "to_json"]
