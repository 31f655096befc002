# SPDX-License-Identifier: Apache-2.0
"""The course of a session under a profile: phases, baseline, what is due, checks, holds, marks. No I/O, no clock."""
