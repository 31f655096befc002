# SPDX-License-Identifier: Apache-2.0
"""Why a board does not work, in plain words: what is looked at, and a file for whoever helps."""
