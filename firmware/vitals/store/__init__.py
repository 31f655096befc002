# SPDX-License-Identifier: Apache-2.0
# What the board keeps. Empty on purpose: boot.py imports from here before anything else.
