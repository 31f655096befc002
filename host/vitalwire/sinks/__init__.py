# SPDX-License-Identifier: Apache-2.0
"""Where `vitalwire stream --to URL` delivers: one module a kind, found by the entry point group `vitalwire.sinks`."""
