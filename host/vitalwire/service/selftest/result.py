# SPDX-License-Identifier: Apache-2.0
"""The result of a self-test as JSON: what a certificate is made from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from ... import __version__
from ...link.hello import Identity
from .catalogue import CATALOGUE
from .judge import Outcome, overall, within

FORMAT: Final = "vitalwire-selftest"
VERSION: Final = 1


def result_of(
    outcomes: Iterable[Outcome],
    who: Identity,
    protocol: str,
    simulated: bool,
    calibration: Iterable[dict[str, Any]],
    *,
    by: str | None,
    cuff_on_cylinder: bool,
    started: datetime,
    finished: datetime,
) -> dict[str, Any]:
    """The JSON object. Only a run of every test, each passed, is `passed`."""
    done = list(outcomes)
    return {
        "format": FORMAT,
        "version": VERSION,
        "result": overall(done, CATALOGUE),
        "simulated": simulated,
        "device": {
            "serial": who.serial,
            "bed": who.bed,
            "board": who.board,
            "firmware": who.firmware,
            "firmware_sha256": _firmware_sha256(done),
            "interpreter": who.interpreter,
            "protocol": protocol,
        },
        "versions": {"vitalwire": __version__},
        "by": by,
        "cuff_on_cylinder": cuff_on_cylinder,
        "started_utc": _utc(started),
        "finished_utc": _utc(finished),
        "calibration": list(calibration),
        "tests": [_test(outcome) for outcome in done],
    }


def _test(outcome: Outcome) -> dict[str, Any]:
    test = outcome.test
    values = []
    for which, value in enumerate(test.values):
        measured = outcome.values.get(which)
        values.append(
            {
                "name": value.name,
                "value": None if measured is None else measured.number,
                "unit": value.unit,
                "low": value.low,
                "high": value.high,
                "source": value.source,
                "verdict": within(value, measured),
                "detail": (measured.detail or None) if measured is not None else None,
            }
        )
    return {
        "id": test.id,
        "group": test.group,
        "title": test.title,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "advice": outcome.advice,
        "values": values,
    }


def _firmware_sha256(outcomes: list[Outcome]) -> str | None:
    """What the board worked out over its files, where the test of the flash was run."""
    for outcome in outcomes:
        if outcome.test.id == "flash" and 0 in outcome.values:
            return outcome.values[0].detail or None
    return None


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["FORMAT", "VERSION", "result_of"]
