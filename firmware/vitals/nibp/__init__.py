# SPDX-License-Identifier: Apache-2.0
"""The cuff: what it may do (`limits`), how a reading is driven (`controller`) and what the oscillations say."""
