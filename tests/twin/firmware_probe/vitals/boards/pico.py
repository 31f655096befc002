# SPDX-License-Identifier: Apache-2.0
"""What the twin's runner wants of a board file."""


class Board:
    def __init__(self, clock=None, wire=None, storage_path=None):
        self.clock = clock
        self.wire = wire
        self.storage_path = storage_path
