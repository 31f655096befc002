# SPDX-License-Identifier: Apache-2.0
"""Firmware onto a board, from whatever state the board is in.

A board keeps two copies of the firmware, `copy_a` and `copy_b`; the file `active` names the one that runs. The other
is written and verified, then `active` is replaced in one step (littlefs renames atomically), last of all `boot.py`.
So there is no moment at which pulling the cable leaves a board that neither runs the old firmware nor waits for this.
"""
