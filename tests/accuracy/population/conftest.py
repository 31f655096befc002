# SPDX-License-Identifier: Apache-2.0
"""Lets the tests import the bench's modules, and draws the population once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from accuracy.population import cuff_patients, finger_patients

ALL = range(300)


@pytest.fixture(scope="session")
def patients():
    return [cuff_patients.patient(seed) for seed in ALL]


@pytest.fixture(scope="session")
def answerable(patients):
    return [patient for patient in patients if patient.answerable]


@pytest.fixture(scope="session")
def fingers():
    return [finger_patients.patient(seed) for seed in ALL]
