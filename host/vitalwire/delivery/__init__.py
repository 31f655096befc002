# SPDX-License-Identifier: Apache-2.0
"""How items get from a source to sinks that may be slow, stuck or away: numbered, kept within a bound, in order."""
