# SPDX-License-Identifier: Apache-2.0
# Generated from protocol/vitalwire_protocol/messages.py by `make protocol`. Do not edit it here.
"""The device's side of the wire: numbers of the protocol, packers and parsers, for both interpreters.

pack_NAME(buf, off, ...) writes a payload into the bytearray `buf` at `off` and returns where it ends. Values are the
scaled integers of the wire (`spo2_x10`: in tenths), in its order, and must fit their fields: MicroPython does not
check that. Where a message has optional fields `present` comes first; a field whose bit is clear is written as zero,
whatever was passed (None too). Text is bytes or str. Runs of numbers are parallel arrays, of which `n` entries from
`start` on are sent. ValueError: the payload does not fit `buf`.

PARSERS[type](buf, off, end) reads a payload and returns the tuple of its integers, then the run as a memoryview into
`buf`, or None where the bytes cannot be this message. A field that the sender's older version lacks is None. Commands
of one shape share a parser.
"""

from struct import pack_into, unpack_from

from micropython import const

# version
VERSION_MAJOR = const(1)
VERSION_MINOR = const(4)
SCHEMA_HASH = const(0x8C28FB8F)

# bytes of a body: header, most in all, most that a device takes
HEADER_BYTES = const(8)
MAX_BODY = const(512)
MAX_RECEIVED = const(256)

# message types
HELLO = const(0x01)
HEARTBEAT = const(0x02)
OXIMETRY_READING = const(0x10)
PPG = const(0x11)
CUFF_PRESSURE = const(0x12)
NIBP_RESULT = const(0x13)
OSCILLOGRAM = const(0x14)
EVENT = const(0x20)
ALARM = const(0x21)
ANSWER = const(0x22)
SELFTEST_PROGRESS = const(0x23)
SELFTEST_VALUE = const(0x24)
HELD_PRESSURE = const(0x25)
CALIBRATION_STORED = const(0x26)
IDENTIFY = const(0x80)
PING = const(0x81)
CUFF_START = const(0x82)
ABORT = const(0x83)
VENT = const(0x84)
SESSION_BEGIN = const(0x85)
SESSION_END = const(0x86)
SET_LIMITS = const(0x87)
SET_INTERVAL = const(0x88)
ACKNOWLEDGE = const(0x89)
AUDIO_PAUSE = const(0x8A)
CONFIG_SET = const(0x8B)
CONFIG_GET = const(0x8C)
OSCILLOGRAM_GET = const(0x8D)
SERVICE_ENTER = const(0x8E)
RESET = const(0x8F)
OBSERVE = const(0x90)
SELFTEST_RUN = const(0x91)
HOLD_PRESSURE = const(0x92)
CALIBRATION_GET = const(0x93)
CALIBRATION_SET = const(0x94)
CURVE_SET = const(0x95)
CALIBRATION_CLEAR = const(0x96)

# bits of `present` in heartbeat
HEARTBEAT_HAS_SESSION = const(1)
HEARTBEAT_HAS_SUPPLY_MV = const(2)
HEARTBEAT_HAS_HEAP_FREE = const(4)

# bits of `present` in oximetry_reading
OXIMETRY_READING_HAS_SPO2_PCT = const(1)
OXIMETRY_READING_HAS_PULSE_BPM = const(2)
OXIMETRY_READING_HAS_PERFUSION_PCT = const(4)
OXIMETRY_READING_HAS_QUALITY = const(8)
OXIMETRY_READING_HAS_SESSION = const(16)
OXIMETRY_READING_HAS_SPO2_NEWEST_PCT = const(32)
OXIMETRY_READING_HAS_SPO2_NEWEST_MS = const(64)

# bits of `present` in cuff_pressure
CUFF_PRESSURE_HAS_PRESSURE_MMHG = const(1)
CUFF_PRESSURE_HAS_GUARD_MMHG = const(2)
CUFF_PRESSURE_HAS_TARGET_MMHG = const(4)

# bits of `present` in nibp_result
NIBP_RESULT_HAS_SBP_MMHG = const(1)
NIBP_RESULT_HAS_MAP_MMHG = const(2)
NIBP_RESULT_HAS_DBP_MMHG = const(4)
NIBP_RESULT_HAS_PULSE_BPM = const(8)
NIBP_RESULT_HAS_QUALITY = const(16)
NIBP_RESULT_HAS_SESSION = const(32)
NIBP_RESULT_HAS_PEAK_AMPLITUDE_MMHG = const(64)
NIBP_RESULT_HAS_PEAK_PRESSURE_MMHG = const(128)

# bits of `present` in event
EVENT_HAS_VALUE = const(1)

# bits of `present` in alarm
ALARM_HAS_VALUE = const(1)
ALARM_HAS_LIMIT = const(2)

# bits of `present` in answer
ANSWER_HAS_VALUE = const(1)

# bits of `present` in selftest_progress
SELFTEST_PROGRESS_HAS_LEFT_S = const(1)

# bits of `present` in selftest_value
SELFTEST_VALUE_HAS_VALUE = const(1)

# bits of `present` in held_pressure
HELD_PRESSURE_HAS_CUFF_CMMHG = const(1)
HELD_PRESSURE_HAS_GUARD_RAW_X16 = const(2)
HELD_PRESSURE_HAS_CUFF_SPREAD_CMMHG = const(4)

# bits of `present` in calibration_stored
CALIBRATION_STORED_HAS_ZERO = const(1)
CALIBRATION_STORED_HAS_GAIN = const(2)

# how a test, or a pressure held for a calibration, ended on the board
SELFTEST_END_DONE = const(0)
SELFTEST_END_ABORTED = const(1)
SELFTEST_END_PULSE_SEEN = const(2)
SELFTEST_END_SENSOR_FAULT = const(3)
SELFTEST_END_NOT_INFLATED = const(4)
SELFTEST_END_OVER_PRESSURE = const(5)
SELFTEST_END_INTERLOCK = const(6)
SELFTEST_END_EXTERNAL_TRIPPED = const(7)
SELFTEST_END_TIMEOUT = const(8)
SELFTEST_END_NOT_FITTED = const(9)
SELFTEST_END_SUPPLY_LOW = const(10)
SELFTEST_END_BUTTON = const(11)

# the kind of board
BOARD_UNKNOWN = const(0)
BOARD_PICO = const(1)
BOARD_PICO2 = const(2)
BOARD_ESP32S3 = const(3)

# why the firmware started
RESET_CAUSE_POWER_ON = const(0)
RESET_CAUSE_HARD_RESET = const(1)
RESET_CAUSE_WATCHDOG = const(2)
RESET_CAUSE_DEEP_SLEEP = const(3)
RESET_CAUSE_SOFT_RESET = const(4)
RESET_CAUSE_EXCEPTION = const(5)
RESET_CAUSE_BROWN_OUT = const(6)
RESET_CAUSE_REQUESTED = const(7)
RESET_CAUSE_UNKNOWN = const(8)

# a technical fault by name
FAULT_NONE = const(0)
FAULT_OXIMETER_BUS = const(1)
FAULT_OXIMETER_ID = const(2)
FAULT_OXIMETER_FIFO = const(3)
FAULT_CUFF_BUS = const(4)
FAULT_CUFF_ID = const(5)
FAULT_CUFF_STALE = const(6)
FAULT_CUFF_INTEGRITY = const(7)
FAULT_CUFF_SATURATED = const(8)
FAULT_GUARD_RANGE = const(9)
FAULT_CHANNEL_MISMATCH = const(10)
FAULT_OVER_PRESSURE = const(11)
FAULT_OVER_TIME = const(12)
FAULT_CUFF_NOT_EMPTY = const(13)
FAULT_PUMP_STUCK = const(14)
FAULT_BLOCKED = const(15)
FAULT_SUPPLY_LOW = const(16)
FAULT_EXTERNAL_TRIPPED = const(17)
FAULT_EXTERNAL_MISSING = const(18)
FAULT_CONFIG_CORRUPT = const(19)
FAULT_LOOP_SLOW = const(20)
FAULT_MEMORY = const(21)
FAULT_CRASH_LOOP = const(22)
FAULT_INTERLOCK = const(23)
FAULT_TIMER_MISSING = const(24)

# what this board has and can do
CAPABILITIES_OXIMETER = const(1)
CAPABILITIES_CUFF = const(2)
CAPABILITIES_OWN_SUPPLY = const(4)
CAPABILITIES_HARD_INTERLOCK = const(8)
CAPABILITIES_EXTERNAL_LAYER = const(16)
CAPABILITIES_PPG_STREAM = const(32)
CAPABILITIES_OSCILLOGRAM = const(64)
CAPABILITIES_SIMULATED = const(128)
CAPABILITIES_OBSERVE = const(256)

# the state of the board at this heartbeat
STATUS_SESSION = const(1)
STATUS_CUFF_ACTIVE = const(2)
STATUS_CUFF_PRESSURISED = const(4)
STATUS_AUDIO_PAUSED = const(8)
STATUS_ALARM_ACTIVE = const(16)
STATUS_OXIMETER_FAULT = const(32)
STATUS_CUFF_FAULT = const(64)
STATUS_GUARD_FAULT = const(128)
STATUS_SUPPLY_LOW = const(256)
STATUS_EXTERNAL_TRIPPED = const(512)
STATUS_CONFIG_DEFAULTED = const(1024)
STATUS_UNCALIBRATED = const(2048)
STATUS_LIMITS_SET = const(4096)
STATUS_HOST_LOST = const(8192)

# why a value is absent or doubtful
REASON_OK = const(0)
REASON_NO_FINGER = const(1)
REASON_SETTLING = const(2)
REASON_LOW_SIGNAL = const(3)
REASON_SATURATED = const(4)
REASON_MOTION = const(5)
REASON_IRREGULAR = const(6)
REASON_CHANNELS_SWAPPED = const(7)
REASON_OUT_OF_RANGE = const(8)
REASON_BUS_FAULT = const(9)
REASON_WRONG_PART = const(10)
REASON_SAMPLES_LOST = const(11)
REASON_LOW_PERFUSION = const(12)
REASON_CUFF_INFLATED = const(13)
REASON_NO_PULSE = const(14)
REASON_SENSOR_STALE = const(15)
REASON_LOW_QUALITY = const(16)
REASON_UNCORRELATED = const(17)
REASON_NO_CURVE = const(18)

# how a reading came about
READING_FLAGS_LATE = const(1)
READING_FLAGS_UNCALIBRATED = const(2)
READING_FLAGS_CUFF_INFLATED = const(4)
READING_FLAGS_OBSERVED = const(8)

# what the cuff is doing
CUFF_PHASE_IDLE = const(0)
CUFF_PHASE_ZEROING = const(1)
CUFF_PHASE_INFLATING = const(2)
CUFF_PHASE_SETTLING = const(3)
CUFF_PHASE_DEFLATING = const(4)
CUFF_PHASE_DUMPING = const(5)
CUFF_PHASE_RESTING = const(6)
CUFF_PHASE_FAULT = const(7)

# how a cuff cycle ended
NIBP_OUTCOME_OK = const(0)
NIBP_OUTCOME_ABORTED = const(1)
NIBP_OUTCOME_NO_INFLATION = const(2)
NIBP_OUTCOME_LEAK = const(3)
NIBP_OUTCOME_DEFLATION_TOO_FAST = const(4)
NIBP_OUTCOME_DEFLATION_TOO_SLOW = const(5)
NIBP_OUTCOME_NO_PULSE = const(6)
NIBP_OUTCOME_WEAK_PULSE = const(7)
NIBP_OUTCOME_MOVEMENT = const(8)
NIBP_OUTCOME_IRREGULAR = const(9)
NIBP_OUTCOME_OVER_PRESSURE = const(10)
NIBP_OUTCOME_TIMEOUT = const(11)
NIBP_OUTCOME_ZERO_ERROR = const(12)
NIBP_OUTCOME_SENSOR_FAULT = const(13)
NIBP_OUTCOME_GUARD_FAULT = const(14)
NIBP_OUTCOME_CHANNEL_MISMATCH = const(15)
NIBP_OUTCOME_TOO_FEW_BEATS = const(16)
NIBP_OUTCOME_NO_CLEAR_MAXIMUM = const(17)
NIBP_OUTCOME_NOT_BRACKETED = const(18)
NIBP_OUTCOME_INTERLOCK = const(19)
NIBP_OUTCOME_EXTERNAL_TRIPPED = const(20)
NIBP_OUTCOME_BLOCKED = const(21)
NIBP_OUTCOME_SUPPLY_LOW = const(22)
NIBP_OUTCOME_IMPLAUSIBLE = const(23)

# what started a cuff cycle
TRIGGER_HOST = const(0)
TRIGGER_BUTTON = const(1)
TRIGGER_INTERVAL = const(2)
TRIGGER_RETRY = const(3)
TRIGGER_OBSERVE = const(4)

# while the pressure did what the beats were recorded
CUFF_DIRECTION_DEFLATION = const(0)
CUFF_DIRECTION_INFLATION = const(1)

# why the quality of a pressure is not full
NIBP_DOUBT_MOVEMENT = const(1)
NIBP_DOUBT_IRREGULAR = const(2)
NIBP_DOUBT_WEAK_PULSE = const(4)
NIBP_DOUBT_FEW_BEATS = const(8)
NIBP_DOUBT_SHORT_SYSTOLIC = const(16)
NIBP_DOUBT_SHORT_DIASTOLIC = const(32)
NIBP_DOUBT_NOISY = const(64)
NIBP_DOUBT_UNEVEN_SHAPE = const(128)

# something that happened on the board
EVENT_BOOT = const(0)
EVENT_SESSION_BEGIN = const(1)
EVENT_SESSION_END = const(2)
EVENT_CUFF_STARTED = const(3)
EVENT_CUFF_STOPPED = const(4)
EVENT_BUTTON_A = const(5)
EVENT_BUTTON_B = const(6)
EVENT_FAULT_RAISED = const(7)
EVENT_FAULT_CLEARED = const(8)
EVENT_INTERLOCK_TRIP = const(9)
EVENT_CONFIG_SAVED = const(10)
EVENT_CONFIG_DEFAULTED = const(11)
EVENT_SERVICE_ENTERED = const(12)
EVENT_HOST_LOST = const(13)
EVENT_HOST_RETURNED = const(14)
EVENT_SESSION_EXPIRED = const(15)
EVENT_LATE_BEGIN = const(16)
EVENT_LATE_END = const(17)
EVENT_STORE_OVERFLOW = const(18)
EVENT_SAMPLES_LOST = const(19)
EVENT_FINGER_ON = const(20)
EVENT_FINGER_OFF = const(21)
EVENT_LIMITS_SET = const(22)
EVENT_AUDIO_PAUSED = const(23)
EVENT_AUDIO_RESUMED = const(24)
EVENT_EXCEPTION = const(25)
EVENT_LEDS_ADJUSTED = const(26)

# what is judged on the board: a limit, a worse one, the saturation index, the probe
RULE_SPO2_LOW = const(0)
RULE_PULSE_LOW = const(1)
RULE_PULSE_HIGH = const(2)
RULE_SBP_LOW = const(3)
RULE_SBP_HIGH = const(4)
RULE_DBP_LOW = const(5)
RULE_DBP_HIGH = const(6)
RULE_SPO2_LOW_OVERRIDE = const(7)
RULE_PULSE_LOW_OVERRIDE = const(8)
RULE_PULSE_HIGH_OVERRIDE = const(9)
RULE_SBP_LOW_OVERRIDE = const(10)
RULE_SBP_HIGH_OVERRIDE = const(11)
RULE_DBP_LOW_OVERRIDE = const(12)
RULE_DBP_HIGH_OVERRIDE = const(13)
RULE_SATURATION_INDEX = const(14)
RULE_NO_FINGER = const(15)
RULE_NO_PULSE = const(16)

# where an alarm stands
ALARM_STATE_CLEAR = const(0)
ALARM_STATE_PENDING = const(1)
ALARM_STATE_ACTIVE = const(2)
ALARM_STATE_ACKNOWLEDGED = const(3)
ALARM_STATE_LATCHED = const(4)

# alarm priority
PRIORITY_NONE = const(0)
PRIORITY_LOW = const(1)
PRIORITY_MEDIUM = const(2)
PRIORITY_HIGH = const(3)

# what raised an alarm, or made it worse
ALARM_CAUSE_NONE = const(0)
ALARM_CAUSE_DELAY = const(1)
ALARM_CAUSE_OVERRIDE = const(2)
ALARM_CAUSE_INDEX = const(3)
ALARM_CAUSE_ESCALATED = const(4)

# the answer to a command
OUTCOME_REFUSED = const(0)
OUTCOME_ACCEPTED = const(1)
OUTCOME_DONE = const(2)

# why a command was refused or its work failed
REFUSAL_NONE = const(0)
REFUSAL_BUSY = const(1)
REFUSAL_RESTING = const(2)
REFUSAL_NO_SESSION = const(3)
REFUSAL_SESSION_OPEN = const(4)
REFUSAL_UNKNOWN_COMMAND = const(5)
REFUSAL_BAD_VALUE = const(6)
REFUSAL_CUFF_FAULT = const(7)
REFUSAL_NO_EXTERNAL_LAYER = const(8)
REFUSAL_INTERLOCK = const(9)
REFUSAL_WAIT_FOR_PERSON = const(10)
REFUSAL_NOT_FOUND = const(11)
REFUSAL_CUFF_NOT_EMPTY = const(12)
REFUSAL_SUPPLY_LOW = const(13)
REFUSAL_STORAGE = const(14)
REFUSAL_SERVICE_ONLY = const(15)

# one test of the board by itself; the board measures, the host judges
SELFTEST_PROCESSOR = const(0)
SELFTEST_HEAP = const(1)
SELFTEST_FLASH = const(2)
SELFTEST_CLOCK = const(3)
SELFTEST_WATCHDOG = const(4)
SELFTEST_BUSES = const(5)
SELFTEST_OXIMETER_TEMPERATURE = const(6)
SELFTEST_OXIMETER_LEDS = const(7)
SELFTEST_OXIMETER_ORDER = const(8)
SELFTEST_OXIMETER_NOISE = const(9)
SELFTEST_OXIMETER_FIFO = const(10)
SELFTEST_PRESSURE_AGREEMENT = const(11)
SELFTEST_PRESSURE_ZERO = const(12)
SELFTEST_PRESSURE_NOISE = const(13)
SELFTEST_PUMP = const(14)
SELFTEST_LEAK = const(15)
SELFTEST_BLEED = const(16)
SELFTEST_DUMP = const(17)
SELFTEST_CUFF_TIMER = const(18)
SELFTEST_SINGLE_FAULT = const(19)
SELFTEST_COMPARATOR = const(20)
SELFTEST_SOUND = const(21)
SELFTEST_LIGHT = const(22)
SELFTEST_BUTTONS = const(23)
SELFTEST_SUPPLY = const(24)

# in what a measured value of a test is; mmhg, ms and celsius carry thousandths (see the test)
MEASURE_NONE = const(0)
MEASURE_PCT = const(1)
MEASURE_COUNT = const(2)
MEASURE_BYTES = const(3)
MEASURE_MS = const(4)
MEASURE_US = const(5)
MEASURE_MV = const(6)
MEASURE_MMHG = const(7)
MEASURE_MMHG_PER_S = const(8)
MEASURE_MMHG_PER_MIN = const(9)
MEASURE_CELSIUS = const(10)
MEASURE_COUNTS = const(11)
MEASURE_COUNTS_PER_MA = const(12)
MEASURE_MA = const(13)
MEASURE_SPREAD_COUNTS = const(14)
MEASURE_SPREAD_MMHG = const(15)
MEASURE_PPM = const(16)
MEASURE_TEXT = const(17)

# a channel that is calibrated
CALIBRATION_NONE = const(0)
CALIBRATION_GUARD = const(1)
CALIBRATION_CUFF = const(2)
CALIBRATION_CURVE = const(3)

# a setting kept on the board
CONFIG_KEY_BED_LABEL = const(0)
CONFIG_KEY_AVERAGING_S = const(1)
CONFIG_KEY_LED_BRIGHTNESS_PCT = const(2)
CONFIG_KEY_SOUND_PCT = const(3)
CONFIG_KEY_PPG_STREAM = const(4)
CONFIG_KEY_OWN_SUPPLY = const(5)
CONFIG_KEY_CUFF_METHOD = const(6)
CONFIG_KEY_FALLBACK_LIMITS = const(7)

# what a person has confirmed, without which nothing is inflated; from_above: 20 mmHg more, then bled down
SERVICE_FLAGS_CUFF_ON_CYLINDER = const(1)
SERVICE_FLAGS_FROM_ABOVE = const(2)


def put_run(buf, off, run):
    # Writes the bytes of a run; a slice that does not fit would make the buffer grow, or be cut short.
    if isinstance(run, str):
        run = run.encode()
    end = off + len(run)
    if end > len(buf):
        raise ValueError("%d bytes do not fit" % len(run))
    buf[off:end] = run
    return end


def room(buf, end):
    if end > len(buf):
        raise ValueError("%d bytes do not fit %d" % (end, len(buf)))


def pack_hello(
    buf,
    off,
    minor,
    board,
    reset_cause,
    reset_fault,
    firmware_major,
    firmware_minor,
    firmware_patch,
    service,
    schema_hash,
    capabilities,
    boot,
    identity,
):
    """Who this is. Sent at start, when asked (`identify`), and every 2 s until a host has spoken."""
    room(buf, off + 21)
    pack_into(
        "<BBBBBBBBBIII",
        buf,
        off,
        21,
        minor,
        board,
        reset_cause,
        reset_fault,
        firmware_major,
        firmware_minor,
        firmware_patch,
        service,
        schema_hash,
        capabilities,
        boot,
    )
    return put_run(buf, off + 21, identity)


def pack_heartbeat(
    buf,
    off,
    present,
    boot,
    status,
    limits_crc,
    session,
    supply_mv,
    tick_worst_ms,
    heap_free,
    frames_dropped,
):
    """Once a second, whatever else happens."""
    room(buf, off + 28)
    pack_into(
        "<HIIIIHHIH",
        buf,
        off,
        present,
        boot,
        status,
        limits_crc,
        session if present & 1 else 0,
        supply_mv if present & 2 else 0,
        tick_worst_ms,
        heap_free if present & 4 else 0,
        frames_dropped,
    )
    return off + 28


def pack_oximetry_reading(
    buf,
    off,
    present,
    spo2_x10,
    pulse_x10,
    perfusion_x100,
    quality,
    session,
    spo2_reason,
    pulse_reason,
    perfusion_reason,
    averaging_s,
    flags,
    spo2_newest_x10,
    spo2_newest_ms,
):
    """Once a second while the oximeter runs. Device time is when it was computed."""
    room(buf, off + 22)
    pack_into(
        "<HHHHBIBBBBBHH",
        buf,
        off,
        present,
        spo2_x10 if present & 1 else 0,
        pulse_x10 if present & 2 else 0,
        perfusion_x100 if present & 4 else 0,
        quality if present & 8 else 0,
        session if present & 16 else 0,
        spo2_reason,
        pulse_reason,
        perfusion_reason,
        averaging_s,
        flags,
        spo2_newest_x10 if present & 32 else 0,
        spo2_newest_ms if present & 64 else 0,
    )
    return off + 22


def pack_ppg(buf, off, first_index, rate_hz, lost, red, ir, start, n):
    """Raw samples of the oximeter in batches. Device time is that of the last sample."""
    end = off + 9 + 8 * n
    room(buf, end)
    pack_into("<BIHH", buf, off, 9, first_index, rate_hz, lost)
    off += 9
    for i in range(start, start + n):
        pack_into("<II", buf, off, red[i], ir[i])
        off += 8
    return end


def pack_cuff_pressure(buf, off, present, pressure_x10, guard_x10, target_x10, phase, pump_pct, cycle):
    """Ten times a second while a cycle runs or the cuff is above 15 mmHg."""
    room(buf, off + 12)
    pack_into(
        "<HhhhBBH",
        buf,
        off,
        present,
        pressure_x10 if present & 1 else 0,
        guard_x10 if present & 2 else 0,
        target_x10 if present & 4 else 0,
        phase,
        pump_pct,
        cycle,
    )
    return off + 12


def pack_nibp_result(
    buf,
    off,
    present,
    sbp_x10,
    map_x10,
    dbp_x10,
    pulse_x10,
    quality,
    session,
    peak_amplitude_x100,
    outcome,
    trigger,
    attempt,
    beats,
    algorithm,
    flags,
    cycle,
    started_ms,
    peak_pressure_x10,
    direction,
    doubts,
):
    """Exactly one for each cycle that was started. Device time is when the cycle ended."""
    room(buf, off + 34)
    pack_into(
        "<HHHHHBIHBBBBBBHIHBH",
        buf,
        off,
        present,
        sbp_x10 if present & 1 else 0,
        map_x10 if present & 2 else 0,
        dbp_x10 if present & 4 else 0,
        pulse_x10 if present & 8 else 0,
        quality if present & 16 else 0,
        session if present & 32 else 0,
        peak_amplitude_x100 if present & 64 else 0,
        outcome,
        trigger,
        attempt,
        beats,
        algorithm,
        flags,
        cycle,
        started_ms,
        peak_pressure_x10 if present & 128 else 0,
        direction,
        doubts,
    )
    return off + 34


def pack_oscillogram(
    buf,
    off,
    cycle,
    algorithm,
    part,
    parts,
    direction,
    left_out,
    noise_mmmhg,
    begin_cmmhg,
    end_cmmhg,
    pressure_cmmhg,
    amplitude_mmmhg,
    t_10ms,
    start,
    n,
):
    """The beats of a cycle, on request; from these the result can be recomputed."""
    end = off + 14 + 6 * n
    room(buf, end)
    pack_into(
        "<BHBBBBBHHH",
        buf,
        off,
        14,
        cycle,
        algorithm,
        part,
        parts,
        direction,
        left_out,
        noise_mmmhg,
        begin_cmmhg,
        end_cmmhg,
    )
    off += 14
    for i in range(start, start + n):
        pack_into("<HHH", buf, off, pressure_cmmhg[i], amplitude_mmmhg[i], t_10ms[i])
        off += 6
    return end


def pack_event(buf, off, present, event, fault, value, detail):
    """Something happened."""
    room(buf, off + 9)
    pack_into("<BHBBi", buf, off, 9, present, event, fault, value if present & 1 else 0)
    return put_run(buf, off + 9, detail)


def pack_alarm(buf, off, present, rule, state, priority, value, limit, cause):
    """An alarm changed its state or its priority; all are sent again when a host says hello."""
    room(buf, off + 10)
    pack_into(
        "<HBBBHHB",
        buf,
        off,
        present,
        rule,
        state,
        priority,
        value if present & 1 else 0,
        limit if present & 2 else 0,
        cause,
    )
    return off + 10


def pack_answer(buf, off, present, client, number, command, outcome, refusal, value, detail):
    """`refused`, or `accepted` and later exactly one `done`. A repeat of a request is answered from a cache."""
    room(buf, off + 16)
    pack_into(
        "<BHIHBBBi",
        buf,
        off,
        16,
        present,
        client,
        number,
        command,
        outcome,
        refusal,
        value if present & 1 else 0,
    )
    return put_run(buf, off + 16, detail)


def parse_identify(buf, off, end):
    if end - off < 6:
        return None
    return unpack_from("<IH", buf, off)


def parse_session_begin(buf, off, end):
    if end - off < 15:
        return None
    return unpack_from("<IHIHHB", buf, off)


def parse_session_end(buf, off, end):
    if end - off < 10:
        return None
    return unpack_from("<IHI", buf, off)


def parse_set_limits(buf, off, end):
    if end - off < 1 or buf[off] > end - off:
        return None
    stop = buf[off]
    run = off + stop
    if (end - run) % 8:
        return None
    if stop >= 11:
        return unpack_from("<IHHH", buf, off + 1) + (memoryview(buf)[run:end],)
    if stop == 7:
        return unpack_from("<IH", buf, off + 1) + (None, None, memoryview(buf)[run:end])
    return None


# One item of the run of set_limits: rule, priority, threshold, hysteresis, delay_ds.
SET_LIMITS_ITEM = "<BBHHH"


def parse_set_interval(buf, off, end):
    if end - off < 8:
        return None
    return unpack_from("<IHH", buf, off)


def parse_acknowledge(buf, off, end):
    if end - off < 7:
        return None
    return unpack_from("<IHB", buf, off)


def parse_config_set(buf, off, end):
    if end - off < 8 or buf[off] < 8 or buf[off] > end - off:
        return None
    run = off + buf[off]
    return unpack_from("<IHB", buf, off + 1) + (memoryview(buf)[run:end],)


# By message type.
PARSERS = {
    IDENTIFY: parse_identify,
    PING: parse_identify,
    CUFF_START: parse_identify,
    ABORT: parse_identify,
    VENT: parse_identify,
    SESSION_BEGIN: parse_session_begin,
    SESSION_END: parse_session_end,
    SET_LIMITS: parse_set_limits,
    SET_INTERVAL: parse_set_interval,
    ACKNOWLEDGE: parse_acknowledge,
    AUDIO_PAUSE: parse_set_interval,
    CONFIG_SET: parse_config_set,
    CONFIG_GET: parse_acknowledge,
    OSCILLOGRAM_GET: parse_set_interval,
    SERVICE_ENTER: parse_identify,
    RESET: parse_identify,
    OBSERVE: parse_set_interval,
}
