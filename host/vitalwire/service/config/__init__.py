# SPDX-License-Identifier: Apache-2.0
"""The settings of a board: typed here, checked again on the board, kept there in two copies."""
