# SPDX-License-Identifier: Apache-2.0
"""The packages of `hardware/` for its tests, and the circuit where skidl is installed."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
sys.path.insert(0, str(HARDWARE))


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A fresh circuit. skidl writes its logs into a folder that is thrown away."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("skidl", reason="the circuit is NOT checked: install it with make setup-hardware")
        from circuit.board import build

        yield build()
