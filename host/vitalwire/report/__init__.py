# SPDX-License-Identifier: Apache-2.0
"""Pages and pictures for people, from the facts of a record."""
