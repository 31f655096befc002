# SPDX-License-Identifier: Apache-2.0
"""The setting that chooses in which direction the cuff measures, from the host's command to the recomputed result."""

from __future__ import annotations

import pytest

import vitalwire
from vitalwire_protocol.codec import ConfigKey, ConfigSet, CuffDirection


@pytest.mark.parametrize("direction", CuffDirection)
def test_the_cuff_measures_in_the_direction_that_is_set_and_the_result_is_worked_out_again(
    direction: CuffDirection,
) -> None:
    with vitalwire.open_board("sim://?patient=calm&speed=max") as board:
        board.command(ConfigSet.request(ConfigKey.CUFF_METHOD, str(int(direction))))
        reading = board.start_cuff()
        assert reading.sbp_mmhg == pytest.approx(118, abs=6)
        assert reading.dbp_mmhg == pytest.approx(76, abs=6)
        oscillogram = board.oscillogram()
        assert oscillogram.direction == direction.name.lower()
        again = vitalwire.recompute(oscillogram)
        assert (again.sbp_mmhg, again.map_mmhg, again.dbp_mmhg) == (
            reading.sbp_mmhg,
            reading.map_mmhg,
            reading.dbp_mmhg,
        )
