"""What the runs of the floor were told and have read: fed with their events, asked when a call is judged.

A run that was begun within another (`parent`) is told its goal and its prompts by that one's model: nobody's words. Of the
same agent it shares the trail of its parent, so that what a person said and what was read count in both; else it has none.

Kept in memory only. A run whose beginning this supervisor did not see has no trail until `recall` has given it its recorded
events; without one the origin of its values is unknown, which counts against it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from bus.events import ActionFinished, ActionProposed, Data, MessageSeen, RunFinished, RunStarted
from bus.records import ActionDecided
from console.core.provenance.suspicion import Suspicion
from console.core.provenance.trail import Resources, Trail

RUNS_KEPT: Final = 2_000
"""Runs whose texts are kept. The one that was quiet longest goes first; its calls are then judged without."""

WORDS_KEPT: Final = 4_000_000
"""Words of all runs together."""

CALLS_KEPT: Final = 256
"""Calls of one run whose results are still awaited."""


FOLDER_LABEL: Final = "cwd"
"""The label by which a run says in which folder it works."""

TELLING: Final = (RunStarted, RunFinished, MessageSeen, ActionFinished, ActionDecided)
"""What tells something about a run's texts; most events do not."""


class _Call(NamedTuple):
    tool: str
    call_id: str
    suspicion: Suspicion | None
    writes: bool


class _Followed:
    """One run. `within`: it was begun within another, and nobody outside speaks to it."""

    def __init__(self, trail: Trail, *, within: bool = False) -> None:
        self.trail = trail
        self.folder = ""
        self.calls: OrderedDict[str, _Call] = OrderedDict()
        self._within = within

    def hear(self, data: Data) -> None:
        match data:
            case RunStarted(goal=goal, labels=labels, truncated=cut):
                self._said(goal, whole=not cut)
                self.folder = labels.get(FOLDER_LABEL, "")
            case MessageSeen(role="user" | "system", text=text, truncated=cut):
                self._said(text, whole=not cut)
            case MessageSeen(role="tool", name=name, text=text, call_id=call_id, truncated=cut):
                self.result(name, text, call_id=call_id, cut=cut)
            case ActionFinished(outcome="done" | "failed", action=action, text=text, truncated=cut):
                self.result("", text, action=action, cut=cut)
            case ActionDecided(outcome="responded", reason=reason):
                self.trail.said(reason)
            case _:
                pass

    def _said(self, text: str, *, whole: bool = True) -> None:
        if not self._within:
            self.trail.said(text, whole=whole)

    def called(self, data: ActionProposed, suspicion: Suspicion | None, *, writes: bool) -> None:
        self.calls[data.action] = _Call(data.tool, data.call_id, suspicion, writes)
        while len(self.calls) > CALLS_KEPT:
            self.calls.popitem(last=False)

    def result(self, name: str, text: str, *, action: str = "", call_id: str = "", cut: bool = False) -> None:
        found = self.calls.pop(action, None) if action else None
        if found is None and call_id:
            found = next((call for call in self.calls.values() if call.call_id == call_id), None)
        if found is not None and found.writes and found.suspicion is not None:
            self.trail.wrote(found.suspicion)
        taints = found is not None and (found.suspicion is None or found.suspicion.taints)
        if text:
            self.trail.read(found.tool if found else name, text, tainted=taints, cut=cut)


class Trails:
    """The trails of living runs by the run's key."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, _Followed] = OrderedDict()
        self._words = 0
        self._resources = Resources()

    def begin(self, key: str, parent: str = "") -> None:
        """A run is seen from its beginning. `parent`: the `agent/run` that it was begun in, empty if in none."""
        self.ended(key)
        above = self._runs.get(parent) if parent.partition("/")[0] == key.partition("/")[0] else None
        trail = Trail(self._resources) if above is None else above.trail
        self._runs[key] = _Followed(trail, within=bool(parent))

    def follow(self, key: str, data: Data) -> None:
        """Take up what an accepted event or a decision tells of a run.

        Raises:
            Exception: an error of ours in that; the run, and those that share its trail, have none from then on, as half of
                one is worse than none.
        """
        if not isinstance(data, TELLING):
            return
        if isinstance(data, RunStarted) and data.continues is None:
            self.begin(key, data.parent)
        elif isinstance(data, RunFinished):
            self.ended(key)
        followed = self._runs.get(key)
        if followed is None:
            return
        self._runs.move_to_end(key)
        before = followed.trail.size
        try:
            followed.hear(data)
        except Exception:
            for sharing in [name for name, run in self._runs.items() if run.trail is followed.trail]:
                del self._runs[sharing]
            self._words -= before
            raise
        self._words += followed.trail.size - before
        while len(self._runs) > RUNS_KEPT or (self._words > WORDS_KEPT and len(self._runs) > 1):
            self.ended(next(iter(self._runs)))

    def proposed(self, key: str, data: ActionProposed, suspicion: Suspicion | None, *, writes: bool) -> None:
        """Remember a call until its result comes. `writes`: it changes something."""
        followed = self._runs.get(key)
        if followed is not None:
            followed.called(data, suspicion, writes=writes)

    def of(self, key: str) -> Trail | None:
        """The trail of a run that has been told something; None if nothing is known of what it was told."""
        followed = self._runs.get(key)
        if followed is None or not followed.trail.told:
            return None
        followed.trail.folder = followed.folder  # runs that share a trail may work in folders of their own
        return followed.trail

    def ended(self, key: str) -> None:
        """A run is over: nobody will ask about it again."""
        gone = self._runs.pop(key, None)
        if gone is not None and all(other.trail is not gone.trail for other in self._runs.values()):
            self._words -= gone.trail.size
