# SPDX-License-Identifier: Apache-2.0
"""Set-points of the cuff, each with its source. Pressures in 0.01 mmHg, times in ms, rates in 0.01 mmHg/s.

"Standard" is IEC 80601-2-30 as read through GOST 30324.30-2002 and manufacturers' manuals; the primary text was not
read. Nothing here can be changed by a command or a setting.
"""

from micropython import const

# ---- what protects the patient
OVER_PRESSURE = const(
    28000
)  # controller's limit; below the interlock (300) and the comparator (300-330). Standard: 300
EMPTY = const(1500)  # a cuff below this lets blood pass. Standard: 15 mmHg
OVER_TIME_MS = const(170000)  # above EMPTY at most 180 s (standard), dump included; the interlock acts at 173 s
REST_MS = const(30000)  # below EMPTY between inflations, whoever asks. Standard: at least 30 s
AUTOMATIC_MS = const(60000)  # from start to start of cycles nobody asked for (this project's choice)
DUMP_MS = const(8000)  # a cuff not below EMPTY by then is a fault; standard: below 15 mmHg within 10 s of a stop
MISMATCH = const(1500)  # the two channels may differ by this for MISMATCH_MS: both tolerances together stay below it
MISMATCH_MS = const(500)
SILENCE_MS = const(250)  # a channel without a value for so long is not there any more (25 samples)

# ---- before inflation
ZERO_WAIT_MS = const(100)  # valves open before the zero is read
ZERO_SAMPLES = const(30)
ZERO_MOST = const(600)  # sensor +-1.5 % of 300 mmHg is 4.5, rounded up
ZERO_SPREAD_MOST = const(300)  # somebody leans on the cuff

# ---- inflation
TARGET_FIRST = const(16000)  # customary for adults when nothing is known
TARGET_ABOVE_LAST = const(3000)  # above the last systolic value of this session
TARGET_LEAST = const(12000)
TARGET_MOST = const(27000)  # leaves 10 mmHg for the pump to run out
TARGET_STEP = const(4000)  # rises by so much when it was not enough
RISES_MOST = const(3)
PERIODIC = const(720)  # autocorrelation of the last 6 s, in 1/1000: movement may reach 700, a steady pulse 750
NO_INFLATION_MS = const(5000)  # pumping for so long must give NO_INFLATION_RISE: else no cuff, no hose, no pump
NO_INFLATION_RISE = const(1000)
STALL_MS = const(4000)  # the pump must gain STALL_RISE in this, or something leaks
STALL_RISE = const(300)
INFLATION_MS = const(60000)
BLOCKED_RISE = const(750)  # in a step, and in as many as BLOCKED_STEPS: only a few mL take up the pump's air
BLOCKED_STEP_MS = const(50)
BLOCKED_STEPS = const(3)

# ---- measuring while it inflates
RISING_FROM = const(2000)  # up to here at full speed. No adult's diastolic pressure is below; the cuff has unfolded
RISING_HALF = const(1000)  # from here to there the pump shows how fast it fills this cuff
RISING_RATE = const(550)  # 0.01 mmHg/s, between the rates at which the deflation measures

# ---- settling and deflation
SETTLE_MS = const(900)  # the air cools and the cuff creeps after the pump stops
SETTLE_SKIP_MS = const(400)
SETTLE_FALL_MOST = const(300)  # in the rest of it: a leak faster than the deflation cannot be measured through
SETTLE_MORE_MS = const(500)  # and so often again, each so long
SETTLE_FALLS = const(3)
DEFLATION_RATE = const(600)  # while the pulse is not known
CERTAIN_X10 = const(40)  # 4 mmHg: to stop early, no pressure may be less certain than this by the beats so far
BEAT_FALL = const(400)  # 0.01 mmHg from beat to beat: eight beats and more between systole and diastole
RATE_LEAST = const(300)
RATE_MOST = const(650)
RATE_FAST = const(1100)
RATE_FAST_MS = const(1500)
RATE_SLOW = const(100)
RATE_SLOW_MS = const(4000)
FALL_SUDDEN = const(1200)  # in 200 ms, twice, with the dump valve shut: the hose came off
FALL_AT_LAST = const(900)  # no deflation that was ours falls so far in its last half second
UNPUMPED_RISE = const(1000)  # in a second though the pump is off (half of it while the valve bleeds): it is not off
UNPUMPED_MS = const(1000)  # an arm that moves does it for less
FLOOR = const(3000)  # no adult's diastolic pressure is looked for below this
OBSERVE_MOST_S = const(300)
OBSERVE_START = const(4000)  # someone else's cuff counts as inflated above this
OBSERVE_BEATS = const(4)  # a sudden fall after fewer beats is no end of the cycle yet
OBSERVE_TURN = const(300)  # and as deflating when so far below its highest pressure

# ---- what bleeds
PERMILLE_FIRST = const(150)  # opening with which a valve that is not known yet begins
DUMP_QUICK_MS = const(200)  # a cuff's air takes longer to fall to a quarter; only a manifold's does not
DUMP_QUICK_FROM = const(2000)

# ---- at rest
FAULT_GONE_MS = const(1000)  # both channels answer, agree and say empty for so long
UNASKED_MS = const(5000)  # pressure above EMPTY for so long though nobody inflates
