# SPDX-License-Identifier: Apache-2.0
"""From the optical samples of a finger sensor to SpO2, pulse rate, perfusion index and signal quality."""
