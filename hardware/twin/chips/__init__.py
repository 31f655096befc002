# SPDX-License-Identifier: Apache-2.0
"""The parts on the board, at register level, as their data sheets say."""
