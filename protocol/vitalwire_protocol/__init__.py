# SPDX-License-Identifier: Apache-2.0
"""The Vitalwire protocol: typed messages (`codec`), frames (`framing`) and why one was refused (`errors`).

`messages`, `fields`, `schema` and the emitters need `construct`; they are for development, and nothing of these
three imports them.
"""
