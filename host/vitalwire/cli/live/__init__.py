# SPDX-License-Identifier: Apache-2.0
"""The live screen of `monitor`: snapshots in, a full-screen terminal program out; it acts through the pump's queue."""
