# SPDX-License-Identifier: Apache-2.0
"""A population of simulated patients: drawn from published ranges, measured by the firmware, with the truth known."""
