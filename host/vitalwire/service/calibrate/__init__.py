# SPDX-License-Identifier: Apache-2.0
"""Calibration of a board's channels against a reference: the plan, the sums and their limits, the walk, the history."""
