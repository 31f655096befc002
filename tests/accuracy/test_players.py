# SPDX-License-Identifier: Apache-2.0
"""Jobs for MicroPython: answers in the order of the jobs, and a job that fails takes no other along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accuracy.players import Failed, play

SCRIPT = """
import json, sys
for job in json.load(open(sys.argv[2])):
    if job["say"] == "crash":
        raise ValueError("cannot play this")
    print("a word on the side")
    print(json.dumps({"said": job["say"], "interpreter": sys.implementation.name}))
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return str(path)


def jobs(*words: str, seconds: float = 100.0) -> list[dict[str, Any]]:
    return [{"say": word, "seconds": seconds} for word in words]


def test_answers_come_in_the_order_of_the_jobs_from_real_micropython(script: str) -> None:
    told: list[float] = []
    found = play(script, jobs("a", "b", "c", "d", "e", "f", "g"), told.append)
    assert [answer["said"] for answer in found] == list("abcdefg")
    assert {answer["interpreter"] for answer in found} == {"micropython"}
    assert told == [100.0] * 7


def test_a_job_that_fails_says_why_and_the_others_are_answered(script: str) -> None:
    found = play(script, jobs("a", "crash", "c", "crash"))
    assert [answer if isinstance(answer, Failed) else answer["said"] for answer in (found[0], found[2])] == ["a", "c"]
    for answer in (found[1], found[3]):
        assert isinstance(answer, Failed)
        assert "ValueError: cannot play this" in answer.why


def test_no_jobs_give_no_answers(script: str) -> None:
    assert play(script, []) == []
