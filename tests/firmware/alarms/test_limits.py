# SPDX-License-Identifier: Apache-2.0
"""The board's limits against the vectors, and against the host's engine on many random courses."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vitalwire.alarms.rules import DEFAULT_LIMITS, LIMIT_RULES
from vitalwire.alarms.wire import wire_limits

sys.path.insert(0, str(Path(__file__).parents[2] / "host" / "alarms"))
from alarm_cases import play as on_the_host
from alarm_cases import row

HERE = Path(__file__).parent
VECTORS = sorted((Path(__file__).resolve().parents[2] / "vectors" / "alarms").rglob("*.json"))
Run = Callable[..., Any]


def test_there_are_vectors() -> None:
    plain = {"thresholds", "delay", "hysteresis", "absence", "cuff", "load"}
    assert {path.stem for path in VECTORS} >= plain | {
        "override",
        "saturation_index",
        "latching",
        "escalation",
        "probe",
    }


@pytest.mark.parametrize("how", ["steps", "deadlines", "dense"])
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vectors(path: Path, how: str, play: Run) -> None:
    cases = json.loads(path.read_text(encoding="utf-8"))
    for case, (changes, deadlines) in zip(cases, play(HERE / "play_limits.py", str(path), how), strict=True):
        columns = 6 if "conduct" in case else 4
        assert [change[:columns] for change in changes] == case["changes"], case["name"]
        assert deadlines == [[s[0], s[2]] for s in case["steps"] if s[1] == "deadline"], case["name"]


def _random_case(seed: int) -> dict[str, Any]:
    """A course whose values keep near the thresholds and whose times keep near the deadlines."""
    rng = random.Random(seed)

    def items() -> list[list[Any]]:
        rules = rng.sample(list(LIMIT_RULES), rng.randint(1, 7))
        return [
            [r, rng.choice(["low", "high"]), rng.choice([995, 1000]), 10, rng.choice([0, 1, 20, 50])] for r in rules
        ]

    worse = {rule: 988 if LIMIT_RULES[rule].low else 1008 for rule in rng.sample(list(LIMIT_RULES), 3)}
    conduct: dict[str, Any] = {
        "overrides": [[rule, rng.choice(["medium", "high"]), threshold] for rule, threshold in worse.items()],
        "latching": rng.sample(list(LIMIT_RULES), rng.randint(0, 3)),
        "escalate_s": rng.choice([0, 0, 1, 30]),
    }
    if rng.random() < 0.7:
        conduct["index"] = [rng.choice(["medium", "high"]), rng.choice([1, 20, 31, 250])]
    steps: list[list[Any]] = []
    t_ms = 0
    for _ in range(60):
        t_ms += rng.choice([0, 1, 99, 100, 900, 1000, 1000, 1000, 2000, 3000, 29_000, 30_000])
        rule = rng.choice(["spo2_low", *LIMIT_RULES])
        action = rng.choices(["value", "absent", "acknowledge", "load", "advance"], [12, 3, 1, 1, 2])[0]
        tail = {"value": [rule, rng.randint(980, 1015)], "load": [items()], "advance": []}.get(action, [rule])
        steps.append([t_ms, action, *tail])
    return {"limits": items(), "conduct": conduct, "steps": steps}


def test_the_board_and_the_host_judge_alike(play: Run, tmp_path: Path) -> None:
    cases = [_random_case(seed) for seed in range(200)]
    path = tmp_path / "random.json"
    path.write_text(json.dumps(cases), encoding="utf-8")
    boards = [changes for changes, _ in play(HERE / "play_limits.py", str(path), "steps")]
    causes = [change[5] for changes in boards for change in changes]
    for cause, least in (("delay", 500), ("override", 200), ("index", 25), ("escalated", 100)):
        assert causes.count(cause) > least, f"the courses hardly reach {cause}: they test nothing of it"
    for seed, (case, board) in enumerate(zip(cases, boards, strict=True)):
        assert board == [row(change) for change in on_the_host(case, "steps")[0]], f"seed {seed}"


def test_loading(play: Run) -> None:
    seen = play(HERE / "play_loading.py")
    assert seen["default_crc"] == wire_limits(DEFAULT_LIMITS).crc_of_items, "board and host have different defaults"
    assert seen["packed"]["refusal"] == 0
    assert seen["packed"]["crc"] == seen["packed"]["wire_crc"]
    assert seen["packed"]["items"] == [[4, 3, 1700, 50, 0], [0, 3, 920, 10, 80]]
    assert seen["empty"] == {"refusal": 0, "crc": 0, "items": []}
    assert seen["order_matters"] is True
    for name, refusal in seen["refused"].items():
        assert refusal == [seen["bad_value"], True], name
    assert len(seen["refused"]) == 18
    assert seen["conduct"] == [0, True, True, True]
    assert [change[:3] for change in seen["off_and_on_again"]] == [[1000, 4, 2], [2000, 4, 0]]
    assert seen["extremes"] == [0, True]
    assert seen["after_reset"] == {
        "changes": [[2000, 0, 0, None]],
        "state": 0,
        "set_by_host": [False, True, False],
        "crc_is_default": True,
        "deadline": None,
    }
    # a value of before the reset is forgotten: it raises nothing in the next session
    assert seen["nothing_inherited"] == []
    assert seen["worst"] == {"sounding": [0, 3, 2, 0], "showing": [0, 3, 3, 3]}
    assert seen["overflow"] == [32, 8]
