# SPDX-License-Identifier: Apache-2.0
"""The record of a session: the capture of every input, and the CSVs that follow from it."""
