# SPDX-License-Identifier: Apache-2.0
"""The package that pyserial searches for `protocol_sim`, see `serial.protocol_handler_packages`."""
