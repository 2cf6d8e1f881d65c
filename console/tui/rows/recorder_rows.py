"""The rows of Recorder: the session file, how well it keeps up, what is left of the disk, what a failure means. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bus.inquiry import RecorderHealth
from console.core.amounts import size
from console.core.fleet.alarm_standing import began
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Fleet
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, safe, wrap
from console.tui.rows.frame_rows import View

if TYPE_CHECKING:
    from console.link.status import Heard
    from console.tui.drawing.theme import Ink

VALUES: Final = 14
SCARCE: Final = 0.05
"""Share of a disk that is free below which it stands out."""

SLOW: Final = 100_000
"""Microseconds within which 99 of 100 commits should return: a person waits for one."""

KINDS: Final = ("recording-failing", "recorded-late", "records-lost", "keyframe-failing", "blobs-unread")
"""Alarms that are about the recording."""

_FAILS: Final = (
    "nothing is approved, edited, answered or resumed meanwhile",
    "reject, pause, hold and kill go out; the emergency log has them",
    "agents stop sending when their windows are full, keep the rest",
    "free the disk, or mend it: it is tried again by itself",
)


def rows(heard: Heard | None, fleet: Fleet, view: View, rate: float | None, *, stale: bool) -> list[Line]:
    """Everything that is known of the recording."""
    recorder = heard.report.recorder if heard else None
    failing = view.live and not view.replay and not view.standing.recording
    meant = _when_failing(fleet, view, failing=failing)
    lines = [_state(view), *([*meant, BLANK] if failing else []), _session(recorder, fleet, view)]
    if recorder is None:
        words = "the supervisor gives no report" if stale else "asked"
        lines.append(_named("file").at(VALUES, words, "muted").line)
    else:
        lines += [*_file(recorder, view), *_commits(recorder, rate, view), _keyframe(recorder)]
        lines += [BLANK, *_site(recorder)]
    return [*lines, BLANK, *_late(fleet, recorder, view), *([] if failing else [BLANK, *meant])]


def _named(name: str) -> Row:
    return Row().at(3, name, "muted").at(VALUES, "")


def _state(view: View) -> Line:
    row = _named("recording")
    if view.replay:
        return row.at(VALUES, "read, not written: this is a replay").line
    if not view.live:
        return row.at(VALUES, "nobody knows: the floor is not followed", "stop").line
    if view.standing.recording:
        return row.at(VALUES, "works: all that is shown is recorded").line
    return row.at(VALUES, "fails: approvals are closed", "stop").line


def _session(recorder: RecorderHealth | None, fleet: Fleet, view: View) -> Line:
    row = _named("session").at(
        VALUES, (recorder.session if recorder else "") or fleet.session or figures.NOTHING, "strong"
    )
    row.then(f"position {figures.grouped(fleet.pos)}", gap=2)
    return row.right(
        view.last, (f"last record {figures.clock(fleet.at, view.zone)}" if fleet.at else "", "muted")
    ).line


def _file(recorder: RecorderHealth, view: View) -> list[Line]:
    lines = []
    if recorder.path:
        for number, piece in enumerate(wrap(safe(recorder.path), view.last + 1 - VALUES)):
            lines.append((Row() if number else _named("file")).at(VALUES, piece).line)
    row = _named("size")
    if recorder.size is None:
        return [*lines, row.at(VALUES, "the disk does not say: it may hang", "act").line]
    row.at(VALUES, size(recorder.size))
    if recorder.wal:
        row.then(f"+ {size(recorder.wal)} beside it", "muted", gap=1)
    if recorder.due and not view.replay:
        row.then(f"next at {size(recorder.due)} or midnight UTC", "muted", gap=2)
    return [*lines, row.line]


def _commits(recorder: RecorderHealth, rate: float | None, view: View) -> list[Line]:
    row = _named("written")
    if view.replay:
        return [row.at(VALUES, f"{figures.grouped(recorder.records)} records in it").line]
    row.at(
        VALUES, f"{figures.grouped(recorder.records)} records in {figures.grouped(recorder.commits)} commits"
    )
    if rate is not None:
        row.then(f"{rate:.1f} records/s now", gap=2)
    lines = [row.line]
    if recorder.p50 is not None and recorder.p99 is not None:
        ink: Ink = "watch" if recorder.p99 > SLOW else "text"
        row = _named("a commit").at(VALUES, f"half within {_milliseconds(recorder.p50)}")
        lines.append(
            row.then(f"99 % within {_milliseconds(recorder.p99)}", ink, gap=2)
            .then("of the newest", "muted", gap=2)
            .line
        )
    return lines


def _milliseconds(microseconds: int) -> str:
    return f"{microseconds / 1_000:.1f} ms"


def _keyframe(recorder: RecorderHealth) -> Line:
    row = _named("keyframe")
    if recorder.keyframe is None:
        return row.at(VALUES, "none is known", "muted").line
    row.at(VALUES, f"at {figures.grouped(recorder.keyframe)}")
    row.then(f"{size(recorder.keyframe_size)} of floor" if recorder.keyframe_size else "", gap=2)
    return row.then(f"{size(recorder.logged)} of log since" if recorder.logged else "", gap=2).line


def _site(recorder: RecorderHealth) -> list[Line]:
    lines = []
    if recorder.sessions is not None:
        row = _named("kept").at(VALUES, figures.counted(recorder.sessions, "session"))
        row.then(size(recorder.sessions_size or 0), gap=2)
        lines.append(row.then("none is ever deleted by itself", "muted", gap=2).line)
    if recorder.free is not None and recorder.disk:
        scarce = recorder.free < SCARCE * recorder.disk
        row = _named("disk").at(VALUES, f"{size(recorder.free)} free", "act" if scarce else "text")
        lines.append(row.then(f"of {size(recorder.disk)}", gap=1).line)
    if recorder.known is not None:
        lines.append(
            _named("learned")
            .at(VALUES, f"{size(recorder.known)}, the reliability database; sessions can rebuild it")
            .line
        )
    return lines


def _late(fleet: Fleet, recorder: RecorderHealth | None, view: View) -> list[Line]:
    lines = []
    if recorder is not None and recorder.emergency is not None and not view.replay:
        row = _named("emergency")
        if recorder.emergency:
            row.at(VALUES, f"{size(recorder.emergency)} of commands sent and not recorded yet", "act")
        else:
            row.at(VALUES, "its log is empty: nothing was sent unrecorded")
        lines.append(row.line)
    late = [alarm for alarm in fleet.alarms.values() if alarm.kind == "recorded-late"]
    row = _named("late")
    if late:
        row.at(
            VALUES, f"{sum(alarm.count for alarm in late)} recorded after they were done; see Alarms", "act"
        )
    else:
        row.at(VALUES, "nothing stands recorded late")
    return [*lines, row.line]


def _when_failing(fleet: Fleet, view: View, *, failing: bool) -> list[Line]:
    alarms = [alarm for alarm in fleet.alarms.values() if alarm.kind in KINDS and not alarm.gone]
    lines = [_alarm(alarm, view) for alarm in alarms[:3]]
    head = "it fails" if failing else "on failure"
    told = [
        Row()
        .at(3, head if number == 0 else "", "strong" if failing else "muted")
        .at(VALUES, words, end=view.last + 1)
        .line
        for number, words in enumerate(_FAILS)
    ]
    return [*lines, *([BLANK] if lines else []), *told]


def _alarm(alarm: Alarm, view: View) -> Line:
    row = Row().at(1, "!", "stop" if alarm.priority == 1 else "act").at(3, alarm.text, end=view.last - 10)
    return row.right(view.last, (figures.clock(began(alarm), view.zone), "muted")).line
