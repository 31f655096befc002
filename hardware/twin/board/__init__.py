# SPDX-License-Identifier: Apache-2.0
"""The microcontroller of the simulated board: time, pins, buses, timers, resets, flash and USB."""
