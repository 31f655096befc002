# SPDX-License-Identifier: Apache-2.0
"""Runs after boot.py at every start. A board compiles it each time, so all that can be is in vitals/start.py."""

from vitals.start import run

if __name__ == "__main__":
    run()
