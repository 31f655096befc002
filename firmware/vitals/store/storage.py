# SPDX-License-Identifier: Apache-2.0
"""The flash as the application sees it: a folder, and one rule about when it may be written.

Erasing and programming stop the processor's interrupts, the interlock's timer among them. So nothing is written while
the cuff is inflated; this is the one place that says so.
"""


class Storage:
    """The folder `path`. The application sets `blocked` while the cuff is above 15 mmHg or a cycle runs."""

    def __init__(self, path):
        self.path = path
        self.blocked = False

    def file(self, name):
        """The full name of a file in the folder."""
        return self.path + "/" + name if self.path else name
