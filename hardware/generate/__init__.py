# SPDX-License-Identifier: Apache-2.0
"""Writes what follows from the hardware's tables: pins in the firmware, drawings, documents."""
