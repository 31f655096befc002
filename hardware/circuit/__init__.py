# SPDX-License-Identifier: CERN-OHL-P-2.0
"""The electrical design: values, parts, netlist, rules, set-points and simulation of the external layer."""
