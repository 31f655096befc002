# SPDX-License-Identifier: Apache-2.0
"""What a mutant changes is told from its code."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from kinds import kind_of, kinds_below


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("return a < 3", "return a < 4", "number"),
        ("return a < 3", "return a <= 3", "comparison"),
        ("return a + b", "return a - b", "arithmetic"),
        ("a += 1", "a -= 1", "arithmetic"),
        ("a += 1", "a += 2", "number"),
        ("return a + 1", "return a + 2", "number"),
        ("return -a", "return +a", "other"),
        ("return a and b", "return a or b", "logic"),
        ("return 'low'", "return 'XXlowXX'", "other"),
        ("return a[:40]", "return a[:41]", "other"),
        ("return f'{a + 1}'", "return f'{a + 2}'", "other"),
        ("raise ValueError(a < 1)", "raise ValueError(a <= 1)", "other"),
        ("return f(a, b)", "return f(a)", "other"),
        ("return a", "return None", "other"),
        ("return True", "return False", "other"),
    ],
)
def test_the_first_difference_is_what_was_changed(before: str, after: str, kind: str) -> None:
    original, mutant = (ast.parse(f"def f(a, b):\n    {line}") for line in (before, after))
    assert kind_of(original, mutant) == kind


def test_mutants_are_found_beside_their_function(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "part.py").write_text(
        "def x_f__mutmut_orig(a):\n    return a > 1\ndef x_f__mutmut_1(a):\n    return a >= 1\ndef g():\n    return 1\n"
    )
    assert kinds_below(tmp_path, "vitalwire.session") == {"vitalwire.session.deep.part.x_f__mutmut_1": "comparison"}
