# SPDX-License-Identifier: Apache-2.0
"""Alarms: limits on measured values, technical conditions, and the engines that judge both. No I/O, no clock."""
