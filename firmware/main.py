# SPDX-License-Identifier: Apache-2.0
"""Runs last at every start. What it starts lies in the copy of the firmware that boot.py has put first on the path."""

from vitals.start import run

if __name__ == "__main__":
    run()
