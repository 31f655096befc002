# SPDX-License-Identifier: Apache-2.0
"""Items in the words of other systems: codes, HL7 v2, FHIR, lines. Pure functions; nothing here opens anything."""
