# SPDX-License-Identifier: Apache-2.0
# Service mode: outputs held safe, no watchdog, the REPL left to a technician.
