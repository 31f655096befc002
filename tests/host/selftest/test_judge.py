# SPDX-License-Identifier: Apache-2.0
"""Verdicts from measured values, and what follows from all of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vitalwire import board_files
from vitalwire.cli.selftest import _limits
from vitalwire.link.hello import Identity
from vitalwire.service.selftest.catalogue import BY_ID, CATALOGUE, GROUPS, Value, chosen
from vitalwire.service.selftest.catalogue import Test as OneTest
from vitalwire.service.selftest.judge import PULSE, Measured, Outcome, judged, overall, within
from vitalwire.service.selftest.result import result_of
from vitalwire_protocol.codec import Selftest, SelftestEnd

WHO = Identity("SIM00001", "bay 1", "MicroPython", "0.1.0", "pico", True, False)


def good(test: OneTest) -> dict[int, Measured]:
    """Values in the middle of the limits, or at the one limit there is."""
    found = {}
    for which, value in enumerate(test.values):
        low = value.low if value.low is not None else value.high
        high = value.high if value.high is not None else value.low
        assert low is not None
        assert high is not None
        found[which] = Measured((low + high) / 2)
    return found


def passed(test: OneTest) -> Outcome:
    return judged(test, SelftestEnd.DONE, good(test), True)


@pytest.mark.parametrize(
    ("number", "verdict"),
    [(1.0, "passed"), (2.0, "passed"), (0.999, "failed"), (2.001, "failed"), (None, "not_measured")],
)
def test_the_limits_themselves_are_good_and_absence_is_no_number(number: float | None, verdict: str) -> None:
    assert within(Value("x", "", 1.0, 2.0, "here"), Measured(number)) == verdict


@pytest.mark.parametrize("test", CATALOGUE, ids=lambda test: test.id)
def test_good_values_pass_and_each_one_beyond_its_limit_fails_and_is_named(test: OneTest) -> None:
    assert passed(test).verdict == "passed"
    for which, value in enumerate(test.values):
        for limit, beyond in ((value.low, -0.01), (value.high, 0.01)):
            if limit is not None:
                outcome = judged(test, SelftestEnd.DONE, {**good(test), which: Measured(limit + beyond)}, True)
                assert outcome.verdict == "failed"
                assert value.name.replace("_", " ") in (outcome.reason or "")
                assert outcome.advice == test.advice


@pytest.mark.parametrize("test", [t for t in CATALOGUE if t.values], ids=lambda test: test.id)
def test_what_was_not_measured_is_not_known_to_be_good(test: OneTest) -> None:
    for which in range(len(test.values)):
        assert judged(test, SelftestEnd.DONE, {**good(test), which: Measured(None)}, True).verdict == "failed"
    assert judged(test, SelftestEnd.DONE, {}, True).verdict == "failed"


@pytest.mark.parametrize("end", [end for end in SelftestEnd if end != SelftestEnd.DONE])
def test_no_other_end_than_done_passes_whatever_was_measured(end: SelftestEnd) -> None:
    test = BY_ID["leak"]
    outcome = judged(test, end, good(test))
    assert outcome.verdict in ("failed", "aborted", "not_done")
    assert outcome.reason


def test_what_only_a_person_can_say_is_not_done_without_one() -> None:
    sound = BY_ID["sound"]
    assert [judged(sound, 0, {}, said).verdict for said in (True, False, None)] == ["passed", "failed", "not_done"]


def test_only_all_tests_passed_are_passed_and_one_failure_fails() -> None:
    everything = [passed(test) for test in CATALOGUE]
    assert overall(everything, CATALOGUE) == "passed"
    assert overall(everything[:-1], CATALOGUE) == "incomplete"
    assert overall([*everything[:-1], Outcome(CATALOGUE[-1], "not_done", "x")], CATALOGUE) == "incomplete"
    assert overall([*everything[:-1], Outcome(CATALOGUE[-1], "failed", "x")], CATALOGUE) == "failed"
    assert overall([], CATALOGUE) == "incomplete"


def test_a_pulse_has_its_own_advice() -> None:
    outcome = judged(BY_ID["leak"], SelftestEnd.PULSE_SEEN, {})
    assert outcome.reason == PULSE
    assert "off the arm" in (outcome.advice or "")


def test_the_catalogue_has_every_test_of_the_protocol_once_with_limits_sources_and_advice() -> None:
    assert {test.test for test in CATALOGUE} == set(Selftest)
    assert len({test.id for test in CATALOGUE}) == len(CATALOGUE)
    for test in CATALOGUE:
        assert test.group in GROUPS
        assert test.advice
        for value in test.values:
            assert value.source
            assert value.low is not None or value.high is not None


def test_a_choice_is_by_test_and_by_group_and_quick_leaves_the_cuff_out() -> None:
    assert [t.id for t in chosen(("leak", "sound"), quick=False)] == ["leak", "sound"]
    assert {t.group for t in chosen(("oximeter",), quick=False)} == {"oximeter"}
    assert chosen((), quick=False) == CATALOGUE
    assert not any(t.inflates for t in chosen((), quick=True))
    with pytest.raises(KeyError, match="laek"):
        chosen(("laek",), quick=False)


def test_the_result_yields_a_certificate_where_it_passed() -> None:
    from vitalwire.report.certificate import record_of

    now = datetime(2026, 11, 27, tzinfo=UTC)
    calibration = [
        {"kind": kind, "days_date": "2026-11-01", "due": "2027-11-01"} for kind in ("guard", "cuff", "curve")
    ]
    made = result_of(
        [passed(test) for test in CATALOGUE], WHO, "1.3", True, calibration,
        by="AM", cuff_on_cylinder=True, started=now, finished=now,
    )  # fmt: skip
    assert made["result"] == "passed"
    assert record_of(made)["next_due"] == "2027-11-01"


def test_the_protocol_document_names_every_value_in_its_order() -> None:
    text = (board_files.root() / "protocol" / "README.md").read_text(encoding="utf-8")
    for test in CATALOGUE:
        for which, value in enumerate(test.values):
            unit = f" ({value.unit})" if value.unit else ""
            [line] = [line for line in text.splitlines() if line.startswith(f"| `{test.id}` |")]
            assert f"{which} {value.name.replace('_', ' ')}{unit}" in line


def test_an_end_that_a_newer_board_may_have_fails_in_words() -> None:
    outcome = judged(BY_ID["leak"], 99, {})
    assert outcome.verdict == "failed"
    assert "99" in (outcome.reason or "")


def test_a_missing_safety_layer_is_a_failure_and_not_something_left_out() -> None:
    assert judged(BY_ID["leak"], SelftestEnd.NOT_FITTED, {}).verdict == "failed"
    assert judged(BY_ID["oximeter_leds"], SelftestEnd.NOT_FITTED, {}).verdict == "not_done"


def test_bytes_are_said_without_an_exponent() -> None:
    assert _limits(2_000_000.0, None) == "at least 2000000"
    assert _limits(None, 7.2) == "at most 7.2"
