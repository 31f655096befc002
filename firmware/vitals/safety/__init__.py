# SPDX-License-Identifier: Apache-2.0
# The layers that keep the cuff safe when another part does not: interlock, faults, watchdog.
