# SPDX-License-Identifier: Apache-2.0
"""What is public: this list. A name goes only with a new major version, after one that warned of it."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import vitalwire

PUBLIC = [
    "AmbiguousBoard",
    "AttachedSession",
    "Beat",
    "Board",
    "BoardEvent",
    "Candidate",
    "CheckFailed",
    "Clock",
    "Counters",
    "CrashLoop",
    "Decoder",
    "Delivery",
    "Evaluation",
    "Event",
    "Follow",
    "Identity",
    "Incompatible",
    "Item",
    "ItemRefused",
    "LinkLost",
    "NoBoard",
    "NoPermission",
    "NotVitalwire",
    "Origin",
    "Oscillogram",
    "PortBusy",
    "Reading",
    "Received",
    "Record",
    "Refused",
    "Sink",
    "SinkDown",
    "SinkKind",
    "SinkRefused",
    "SinkUrl",
    "Stream",
    "SystemClock",
    "UsageError",
    "VitalwireError",
    "Wave",
    "__version__",
    "aio",
    "attach_session",
    "find_candidates",
    "follow",
    "open_board",
    "open_record",
    "recompute",
    "waves_on",
]
OF_READING = [
    "utc_ms",
    "device_ms",
    "boot",
    "seq",
    "source",
    "spo2_pct",
    "pulse_bpm",
    "perfusion_pct",
    "quality",
    "sbp_mmhg",
    "map_mmhg",
    "dbp_mmhg",
    "reasons",
    "flags",
    "trigger",
    "cycle",
    "doubts",
]


def test_what_is_public_is_this_list_and_nothing_else() -> None:
    assert sorted(vitalwire.__all__) == sorted(PUBLIC)
    assert set(PUBLIC) <= set(dir(vitalwire))


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in ("__version__", "Item")])
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    documented = inspect.getdoc(getattr(vitalwire, name))
    assert documented, f"{name} has no docstring"
    assert len(documented) > 10


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in ("__version__", "Item")])
def test_every_public_method_says_what_it_does(name: str) -> None:
    thing = getattr(vitalwire, name)
    if inspect.isclass(thing) and not issubclass(thing, Exception) and thing.__module__.startswith("vitalwire."):
        silent = [
            key
            for key, value in vars(thing).items()
            if not key.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
            if not inspect.getdoc(getattr(thing, key))
        ]
        assert silent == []


def test_the_fields_of_a_reading_are_pinned_and_in_order() -> None:
    assert list(vitalwire.Reading.__dataclass_fields__) == OF_READING


def test_a_name_that_is_not_public_is_an_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="open_bord"):
        vitalwire.open_bord  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_library_loads_nothing_that_it_may_not_need() -> None:
    code = "import sys, vitalwire; print([m for m in sys.modules if m.startswith(('vitalwire.', 'serial', 'asyncio'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
