# SPDX-License-Identifier: Apache-2.0
"""The board's end of the wire: frames, what waits to be sent, commands. Knows no pin, no bus and no clock."""
