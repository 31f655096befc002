# SPDX-License-Identifier: Apache-2.0
"""A monitored session as a pure function of its inputs: what happened, what it means, what is due next."""
