# SPDX-License-Identifier: Apache-2.0
"""A recorded session as a file that other programs read: one module a format."""
