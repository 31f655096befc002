# SPDX-License-Identifier: Apache-2.0
"""The self-test of a board over the wire: it measures, this judges. `run` asks, `judge` decides, `result` is JSON."""
