# SPDX-License-Identifier: Apache-2.0
"""Each staged fault is found by the test that should find it and its near miss passes; healthy boards pass.

`make selftest-evidence` prints the table and runs 200 healthy boards; this is the table, and a few of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import CASES, Case  # the path above makes it found

from vitalwire.service.selftest.catalogue import CATALOGUE

QUICK = ("buses", "oximeter_temperature", "pressure_zero")


def test_every_test_has_a_fault_that_it_should_find() -> None:
    assert {case.test for case in CASES} == {test.id for test in CATALOGUE}


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, marks=() if c.test in QUICK else pytest.mark.slow, id=f"{c.test}: {c.what}") for c in CASES],
)
def test_a_fault_beyond_the_limit_is_found_and_its_near_miss_passes(case: Case) -> None:
    from evidence import judged

    row = judged(case)
    assert row["fault"]["verdict"] == "failed", row
    assert row["near"]["verdict"] == "passed", row


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 3))
def test_a_board_whose_parts_lie_in_their_tolerances_passes(seed: int) -> None:
    from evidence import healthy

    row = healthy(seed)
    assert row["result"] == "passed", row
