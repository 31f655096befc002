# SPDX-License-Identifier: Apache-2.0
"""Every place and every test that the risk file names exists; what no test shows says so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from generate.tables import ROOT, rows

RISKS = rows("risks.csv")


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def missing_proofs(proved_by: str) -> list[str]:
    """The links of the form path::test that lead nowhere."""
    lost = []
    for proof in proved_by.split():
        name, _, test = proof.partition("::")
        path = ROOT / name
        if not test.startswith("test_") or not path.is_file() or test not in functions(path):
            lost.append(proof)
    return lost


def test_the_file_has_rows_and_every_id_once() -> None:
    ids = [row["id"] for row in RISKS]
    assert len(ids) >= 20
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("row", RISKS, ids=lambda row: row["id"])
def test_a_risk_says_hazard_cause_and_control_and_its_links_lead_somewhere(row: dict[str, str]) -> None:
    assert all(row[column] for column in ("hazard", "cause", "control", "implemented_in"))
    assert [path for path in row["implemented_in"].split() if not (ROOT / path).is_file()] == []
    assert missing_proofs(row["proved_by"]) == []


@pytest.mark.parametrize("row", [row for row in RISKS if not row["proved_by"]], ids=lambda row: row["id"])
def test_a_risk_without_a_test_names_a_procedure_and_what_remains(row: dict[str, str]) -> None:
    assert any(path.startswith("hardware/docs/") for path in row["implemented_in"].split())
    assert row["residual"]


def test_a_link_that_leads_nowhere_is_found() -> None:
    here = "tests/hardware/test_risks.py"
    good = f"{here}::test_a_link_that_leads_nowhere_is_found"
    assert missing_proofs(f"{good} {here}::test_gone tests/hardware/gone.py::test_x {here}") == [
        f"{here}::test_gone",
        "tests/hardware/gone.py::test_x",
        here,
    ]
