# SPDX-License-Identifier: Apache-2.0
"""The accuracy bench: the firmware's own algorithms against recordings and simulated patients; see README.md."""
