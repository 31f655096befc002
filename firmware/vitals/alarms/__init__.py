# SPDX-License-Identifier: Apache-2.0
# The absolute limits that the board judges by itself, and the pause of its sound.
