# SPDX-License-Identifier: Apache-2.0
"""What is on the wire: every message of the Vitalwire protocol, once.

The firmware's packers and parsers, the host's codec, the tables of `protocol/README.md`, the schema hash and the golden
vectors are generated from this file (`make protocol`). Within a major version fields, enumeration members, flags and
messages are only appended.
"""

from __future__ import annotations

from .fields import (
    DEVICE_TO_HOST as UP,
)
from .fields import (
    HOST_TO_DEVICE as DOWN,
)
from .fields import (
    Message,
    enum,
    flags,
    i16,
    i32,
    items,
    message,
    samples,
    text,
    u8,
    u16,
    u32,
)

VERSION_MAJOR = 1
VERSION_MINOR = 4

# ---------------------------------------------------------------- names

BOARD = enum("board", "unknown pico pico2 esp32s3", "the kind of board")
RESET_CAUSE = enum(
    "reset_cause",
    "power_on hard_reset watchdog deep_sleep soft_reset exception brown_out requested unknown",
    "why the firmware started",
)
CAPABILITIES = flags(
    "capabilities",
    "oximeter cuff own_supply hard_interlock external_layer ppg_stream oscillogram simulated observe",
    "what this board has and can do",
)
STATUS = flags(
    "status",
    "session cuff_active cuff_pressurised audio_paused alarm_active oximeter_fault cuff_fault guard_fault"
    " supply_low external_tripped config_defaulted uncalibrated limits_set host_lost",
    "the state of the board at this heartbeat",
)
REASON = enum(
    "reason",
    "ok no_finger settling low_signal saturated motion irregular channels_swapped out_of_range bus_fault wrong_part"
    " samples_lost low_perfusion cuff_inflated no_pulse sensor_stale low_quality uncorrelated no_curve",
    "why a value is absent or doubtful",
)
READING_FLAGS = flags("reading_flags", "late uncalibrated cuff_inflated observed", "how a reading came about")
CUFF_PHASE = enum(
    "cuff_phase", "idle zeroing inflating settling deflating dumping resting fault", "what the cuff is doing"
)
NIBP_OUTCOME = enum(
    "nibp_outcome",
    "ok aborted no_inflation leak deflation_too_fast deflation_too_slow no_pulse weak_pulse movement irregular"
    " over_pressure timeout zero_error sensor_fault guard_fault channel_mismatch too_few_beats no_clear_maximum"
    " not_bracketed interlock external_tripped blocked supply_low implausible",
    "how a cuff cycle ended",
)
NIBP_DOUBT = flags(
    "nibp_doubt",
    "movement irregular weak_pulse few_beats short_systolic short_diastolic noisy uneven_shape",
    "why the quality of a pressure is not full",
)
CUFF_DIRECTION = enum("cuff_direction", "deflation inflation", "while the pressure did what the beats were recorded")
TRIGGER = enum("trigger", "host button interval retry observe", "what started a cuff cycle")
EVENT = enum(
    "event",
    "boot session_begin session_end cuff_started cuff_stopped button_a button_b fault_raised fault_cleared"
    " interlock_trip config_saved config_defaulted service_entered host_lost host_returned session_expired"
    " late_begin late_end store_overflow samples_lost finger_on finger_off limits_set audio_paused audio_resumed"
    " exception leds_adjusted",
    "something that happened on the board",
)
FAULT = enum(
    "fault",
    "none oximeter_bus oximeter_id oximeter_fifo cuff_bus cuff_id cuff_stale cuff_integrity cuff_saturated guard_range"
    " channel_mismatch over_pressure over_time cuff_not_empty pump_stuck blocked supply_low external_tripped"
    " external_missing config_corrupt loop_slow memory crash_loop interlock timer_missing",
    "a technical fault by name",
)
RULE = enum(
    "rule",
    "spo2_low pulse_low pulse_high sbp_low sbp_high dbp_low dbp_high spo2_low_override pulse_low_override"
    " pulse_high_override sbp_low_override sbp_high_override dbp_low_override dbp_high_override saturation_index"
    " no_finger no_pulse",
    "what is judged on the board: a limit, a worse one, the saturation index, the probe",
)
ALARM_STATE = enum("alarm_state", "clear pending active acknowledged latched", "where an alarm stands")
ALARM_CAUSE = enum("alarm_cause", "none delay override index escalated", "what raised an alarm, or made it worse")
PRIORITY = enum("priority", "none low medium high", "alarm priority")
OUTCOME = enum("outcome", "refused accepted done", "the answer to a command")
REFUSAL = enum(
    "refusal",
    "none busy resting no_session session_open unknown_command bad_value cuff_fault no_external_layer interlock"
    " wait_for_person not_found cuff_not_empty supply_low storage service_only",
    "why a command was refused or its work failed",
)
CONFIG_KEY = enum(
    "config_key",
    "bed_label averaging_s led_brightness_pct sound_pct ppg_stream own_supply cuff_method fallback_limits",
    "a setting kept on the board",
)
SELFTEST = enum(
    "selftest",
    "processor heap flash clock watchdog buses oximeter_temperature oximeter_leds oximeter_order oximeter_noise"
    " oximeter_fifo pressure_agreement pressure_zero pressure_noise pump leak bleed dump cuff_timer single_fault"
    " comparator sound light buttons supply",
    "one test of the board by itself; the board measures, the host judges",
)
MEASURE = enum(
    "measure",
    "none pct count bytes ms us mv mmhg mmhg_per_s mmhg_per_min celsius counts counts_per_ma ma spread_counts"
    " spread_mmhg ppm text",
    "in what a measured value of a test is; mmhg, ms and celsius carry thousandths (see the test)",
)
SELFTEST_END = enum(
    "selftest_end",
    "done aborted pulse_seen sensor_fault not_inflated over_pressure interlock external_tripped timeout not_fitted"
    " supply_low button",
    "how a test, or a pressure held for a calibration, ended on the board",
)
SERVICE_FLAGS = flags(
    "service_flags",
    "cuff_on_cylinder from_above",
    "what a person has confirmed, without which nothing is inflated; from_above: 20 mmHg more, then bled down",
)
CALIBRATION = enum("calibration", "none guard cuff curve", "a channel that is calibrated")

# ---------------------------------------------------------------- device to host

HELLO = message(
    "hello",
    0x01,
    UP,
    "Who this is. Sent at start, when asked (`identify`), and every 2 s until a host has spoken.",
    u8("minor", "protocol minor version; the major version is in the header"),
    u8("board", spec=BOARD),
    u8("reset_cause", spec=RESET_CAUSE),
    u8("reset_fault", "fault that led to the reset", spec=FAULT),
    u8("firmware_major"),
    u8("firmware_minor"),
    u8("firmware_patch"),
    u8("service", "1 in service mode"),
    u32("schema_hash"),
    u32("capabilities", spec=CAPABILITIES),
    u32("boot", "count of starts, kept in flash"),
    text("identity", "UTF-8 lines: serial number, bed label (may be empty), interpreter and its version"),
)
HEARTBEAT = message(
    "heartbeat",
    0x02,
    UP,
    "Once a second, whatever else happens.",
    u32("boot"),
    u32("status", spec=STATUS),
    u32("limits_crc", "CRC-32 of the limits in force, as `set_limits` answers it"),
    u32("session", "the open session", optional=True),
    u16("supply_mv", unit="mV", optional=True),
    u16("tick_worst_ms", "longest tick since the last heartbeat", unit="ms"),
    u32("heap_free", unit="bytes", optional=True),
    u16("frames_dropped", "frames the outbox had to drop since the start"),
)
OXIMETRY_READING = message(
    "oximetry_reading",
    0x10,
    UP,
    "Once a second while the oximeter runs. Device time is when it was computed.",
    u16("spo2_pct", unit="%", scale=10, optional=True),
    u16("pulse_bpm", unit="1/min", scale=10, optional=True),
    u16("perfusion_pct", "AC/DC of the infrared channel", unit="%", scale=100, optional=True),
    u8("quality", "signal quality, 0-100", unit="%", optional=True),
    u32("session", optional=True),
    u8("spo2_reason", spec=REASON),
    u8("pulse_reason", spec=REASON),
    u8("perfusion_reason", spec=REASON),
    u8("averaging_s", unit="s"),
    u8("flags", spec=READING_FLAGS),
    u16(
        "spo2_newest_pct",
        "median of the last three beats; the delay of an alarm is counted on it",
        unit="%",
        scale=10,
        optional=True,
        since=4,
    ),
    u16(
        "spo2_newest_ms",
        "how long ago the last two of these beats began: for so long at least it has been so",
        unit="ms",
        optional=True,
        since=4,
    ),
)
PPG = message(
    "ppg",
    0x11,
    UP,
    "Raw samples of the oximeter in batches. Device time is that of the last sample.",
    u32("first_index", "number of the first sample since the start"),
    u16("rate_hz", unit="Hz"),
    u16("lost", "samples lost just before this batch"),
    samples("samples", "ADC counts, 18 bit", u32("red"), u32("ir")),
)
CUFF_PRESSURE = message(
    "cuff_pressure",
    0x12,
    UP,
    "Ten times a second while a cycle runs or the cuff is above 15 mmHg.",
    i16("pressure_mmhg", unit="mmHg", scale=10, optional=True),
    i16("guard_mmhg", unit="mmHg", scale=10, optional=True),
    i16("target_mmhg", unit="mmHg", scale=10, optional=True),
    u8("phase", spec=CUFF_PHASE),
    u8("pump_pct", unit="%"),
    u16("cycle", "number of the cycle since the start"),
)
NIBP_RESULT = message(
    "nibp_result",
    0x13,
    UP,
    "Exactly one for each cycle that was started. Device time is when the cycle ended.",
    u16("sbp_mmhg", unit="mmHg", scale=10, optional=True),
    u16("map_mmhg", unit="mmHg", scale=10, optional=True),
    u16("dbp_mmhg", unit="mmHg", scale=10, optional=True),
    u16("pulse_bpm", unit="1/min", scale=10, optional=True),
    u8("quality", "0-100", unit="%", optional=True),
    u32("session", optional=True),
    u16("peak_amplitude_mmhg", "largest oscillation", unit="mmHg", scale=100, optional=True),
    u8("outcome", spec=NIBP_OUTCOME),
    u8("trigger", spec=TRIGGER),
    u8("attempt", "1 first, 2 the retry"),
    u8("beats", "beats in the envelope"),
    u8("algorithm", "version of the oscillometric algorithm"),
    u8("flags", spec=READING_FLAGS),
    u16("cycle"),
    u32("started_ms", "device time at which the cycle began", unit="ms"),
    u16("peak_pressure_mmhg", unit="mmHg", scale=10, optional=True),
    u8("direction", spec=CUFF_DIRECTION, since=1),
    u16("doubts", "what lowered the quality", spec=NIBP_DOUBT, since=1),
)
OSCILLOGRAM = message(
    "oscillogram",
    0x14,
    UP,
    "The beats of a cycle, on request; from these the result can be recomputed.",
    u16("cycle"),
    u8("algorithm"),
    u8("part", "0 is the first part"),
    u8("parts"),
    u8("direction", spec=CUFF_DIRECTION, since=1),
    u8("left_out", "beats not listed because the pressure was disturbed there", since=1),
    u16("noise_mmmhg", "RMS of the noise of a single sample of the pressure", unit="0.001 mmHg", since=1),
    u16("begin_cmmhg", "cuff pressure at which the record begins", unit="0.01 mmHg", since=1),
    u16("end_cmmhg", "cuff pressure at which the record ends", unit="0.01 mmHg", since=1),
    items(
        "beats",
        "one item a beat",
        u16("pressure_cmmhg", "cuff pressure at the beat", unit="0.01 mmHg"),
        u16("amplitude_mmmhg", "peak to peak oscillation", unit="0.001 mmHg"),
        u16("t_10ms", "time from the start of the cycle", unit="10 ms"),
    ),
)
EVENT_MESSAGE = message(
    "event",
    0x20,
    UP,
    "Something happened.",
    u8("event", spec=EVENT),
    u8("fault", spec=FAULT),
    i32("value", "what the event says of it", optional=True),
    text("detail", "UTF-8, may be empty"),
)
ALARM = message(
    "alarm",
    0x21,
    UP,
    "An alarm changed its state or its priority; all are sent again when a host says hello.",
    u8("rule", spec=RULE),
    u8("state", spec=ALARM_STATE),
    u8("priority", spec=PRIORITY),
    u16("value", "in the unit of the rule", scale=10, optional=True),
    u16("limit", "in the unit of the rule", scale=10, optional=True),
    u8("cause", spec=ALARM_CAUSE, since=2),
)
ANSWER = message(
    "answer",
    0x22,
    UP,
    "`refused`, or `accepted` and later exactly one `done`. A repeat of a request is answered from a cache.",
    u32("client"),
    u16("number"),
    u8("command", "message type of the request"),
    u8("outcome", spec=OUTCOME),
    u8("refusal", spec=REFUSAL),
    i32("value", "result, where the command has one", optional=True),
    text("detail", "UTF-8, may be empty"),
)
SELFTEST_PROGRESS = message(
    "selftest_progress",
    0x23,
    UP,
    "How far a test is, at most twice a second.",
    u8("test", spec=SELFTEST),
    u8("done_pct", unit="%"),
    u16("left_s", "about how long it still takes", unit="s", optional=True),
)
SELFTEST_VALUE = message(
    "selftest_value",
    0x24,
    UP,
    "One value that a test measured; absent where it could not be measured.",
    u8("test", spec=SELFTEST),
    u8("which", "which value of this test, from 0; `protocol/README.md` names them"),
    u8("measure", spec=MEASURE),
    i32("value", "in thousandths of the measure's unit", optional=True),
    text("detail", "UTF-8, may be empty: a hash, a part's id"),
)
HELD_PRESSURE = message(
    "held_pressure",
    0x25,
    UP,
    "Once a second while a pressure is held for a calibration: means over that second, before calibration.",
    u8("channels", "bit 0: cuff sensor, bit 1: guard channel had every sample valid"),
    i32("cuff_cmmhg", "cuff sensor as it reads without calibration", unit="0.01 mmHg", optional=True),
    u32("guard_raw_x16", "guard channel, mean of its counts", unit="1/16 count", optional=True),
    u16("cuff_spread_cmmhg", "largest less smallest sample", unit="0.01 mmHg", optional=True),
    u16("held_ms", "since the pump stopped", unit="ms"),
)
CALIBRATION_STORED = message(
    "calibration_stored",
    0x26,
    UP,
    "One channel's calibration as the board keeps it, on request. Nothing is sent for one that was never done.",
    u8("kind", spec=CALIBRATION),
    u32("days", "days since 2000-01-01 on which it was done"),
    u32("due_days", "days since 2000-01-01 on which it falls due"),
    i32("zero", "guard: counts; cuff: 0.01 mmHg", optional=True),
    i32("gain", "guard: 1/2^13; cuff: 1/2^14", optional=True),
    items("points", "of a curve, one item a point", u16("ratio", unit="1/1000"), u16("spo2", unit="0.1 %")),
)

# ---------------------------------------------------------------- host to device


def _command(name: str, type_: int, doc: str, *parts: object) -> Message:
    """A request: every one begins with who asks and under which number, so that a repeat can be told from a new one."""
    client = u32("client", "random number of this client; 0 is not used")
    number = u16("number", "number of the request, rising")
    return message(name, type_, DOWN, doc, client, number, *parts)


IDENTIFY = _command("identify", 0x80, "Asks for a hello and the state of all alarms.")
PING = _command("ping", 0x81, "Says that the host is there; the answer's time serves the clock fit.")
CUFF_START = _command(
    "cuff_start", 0x82, "Starts one reading. `done` comes when the cycle has ended; `value` is its outcome."
)
ABORT = _command("abort", 0x83, "Ends any cycle and empties the cuff. Never refused.")
VENT = _command("vent", 0x84, "Opens the valves, whatever goes on. Never refused.")
SESSION_BEGIN = _command(
    "session_begin",
    0x85,
    "Opens a session: limits of the last one are gone, those in force come with `set_limits`.",
    u32("session", "number of the session; 0 is not used"),
    u16("interval_s", "cuff interval; 0 is none, else at least 120", unit="s"),
    u16("max_minutes", "the session ends by itself after this", unit="min"),
    u8("same_limb", "1 if probe and cuff are on one limb"),
)
SESSION_END = _command("session_end", 0x86, "Ends the session and empties the cuff.", u32("session"))
SET_LIMITS = _command(
    "set_limits",
    0x87,
    "Replaces all limits; a rule that is not named is off. `value` is the CRC-32 of all that was sent.",
    u16("latching", "bit n: rule n stays until it is acknowledged", since=2),
    u16("escalate_s", "what nobody acknowledges gets one priority higher after this; 0: never", unit="s", since=2),
    items(
        "limits",
        "one item a rule; a worse limit and the index have neither hysteresis nor delay",
        u8("rule", spec=RULE),
        u8("priority", spec=PRIORITY),
        u16("threshold", "in the unit of the rule; of the index in % s", unit="0.1"),
        u16("hysteresis", "in the unit of the rule", unit="0.1"),
        u16("delay_ds", "how long the limit must be passed", unit="0.1 s"),
    ),
)
SET_INTERVAL = _command(
    "set_interval", 0x88, "Changes the cuff interval of the open session.", u16("interval_s", unit="s")
)
ACKNOWLEDGE = _command("acknowledge", 0x89, "Acknowledges one active or latched alarm.", u8("rule", spec=RULE))
AUDIO_PAUSE = _command("audio_pause", 0x8A, "Pauses the board's sound; 0 ends the pause.", u16("seconds", unit="s"))
CONFIG_SET = _command(
    "config_set",
    0x8B,
    "Checks and saves one setting. In a session only `ppg_stream`.",
    u8("key", spec=CONFIG_KEY),
    text("setting", "UTF-8; of `fallback_limits` base64, see below"),
)
CONFIG_GET = _command("config_get", 0x8C, "`detail` is the setting.", u8("key", spec=CONFIG_KEY))
OSCILLOGRAM_GET = _command("oscillogram_get", 0x8D, "Asks for the oscillogram of a cycle.", u16("cycle"))
SERVICE_ENTER = _command("service_enter", 0x8E, "Restarts into service mode. Refused while a session is open.")
RESET = _command("reset", 0x8F, "Restarts the board. Refused while a session is open.")
OBSERVE = _command(
    "observe",
    0x90,
    "Captures a cuff cycle that someone else drives. Oscillometry as shipped; actuator checks off.",
    u16("max_s", unit="s"),
)
SELFTEST_RUN = _command(
    "selftest_run",
    0x91,
    "Runs one test. Values come as they are measured; `done` when it has ended; `value` is how it ended.",
    u8("test", spec=SELFTEST),
    u8("flags", spec=SERVICE_FLAGS),
)
HOLD_PRESSURE = _command(
    "hold_pressure",
    0x92,
    "Inflates from zero, holds, vents. `done` when the cuff is empty; `value` is how it ended.",
    u16("hold_mmhg", "0 to 250; 0 holds the open manifold", unit="mmHg"),
    u16("hold_s", "1 to 30", unit="s"),
    u8("flags", spec=SERVICE_FLAGS),
)
CALIBRATION_GET = _command("calibration_get", 0x93, "Asks for one channel's calibration.", u8("kind", spec=CALIBRATION))
CALIBRATION_SET = _command(
    "calibration_set",
    0x94,
    "Checks and saves the calibration of a pressure channel. Refused outside the tolerances of healthy parts.",
    u8("kind", "guard or cuff", spec=CALIBRATION),
    u32("days", "days since 2000-01-01 on which it was done"),
    u32("due_days", "days since 2000-01-01 on which it falls due"),
    i32("zero", "guard: counts; cuff: 0.01 mmHg"),
    i32("gain", "guard: 1/2^13; cuff: 1/2^14"),
)
CURVE_SET = _command(
    "curve_set",
    0x95,
    "Checks and saves the SpO2 curve of the finger sensor.",
    u32("days", "days since 2000-01-01 on which it was done"),
    u32("due_days", "days since 2000-01-01 on which it falls due"),
    items("points", "falling ratio order as the curve is read", u16("ratio", unit="1/1000"), u16("spo2", unit="0.1 %")),
)
CALIBRATION_CLEAR = _command(
    "calibration_clear", 0x96, "Forgets one channel's calibration.", u8("kind", spec=CALIBRATION)
)

ANSWERS = (SELFTEST_END,)
MESSAGES: tuple[Message, ...] = tuple(v for v in list(globals().values()) if isinstance(v, Message))
