# SPDX-License-Identifier: Apache-2.0
"""The package on the board. `FIRMWARE` is its version, sent in the hello."""

FIRMWARE = (0, 1, 0)

# The record of starts, as boot.py has counted and judged this one; None where no boot.py ran.
boot_log = None
