# SPDX-License-Identifier: Apache-2.0
"""The link to a board: ports, bytes, frames, requests, time. Knows no session, no alarm and no file of a record."""
