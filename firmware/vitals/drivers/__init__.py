# SPDX-License-Identifier: Apache-2.0
"""What talks to the parts on the board. Drivers know buses; nothing here decides."""
