# SPDX-License-Identifier: Apache-2.0
"""The parts of the application: each ties drivers to what decides, and is advanced by the one loop in `vitals.app`."""
