"""Policy: what is judged by, as the log tells it; in a replay that of its time. Nothing can be changed from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bus.policy_records import PolicyTool
from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.keys.actions import KeyAction
from console.tui.rows import policy_rows
from console.tui.rows.aside import in_pane
from console.tui.rows.frame_rows import Note, View
from console.tui.rows.policy_rows import TABS, Tab
from console.tui.screens.acts import ActingScreen


class PolicyScreen(ActingScreen):
    """Rules, tools and limits in a tab each; the entry under the cursor in full instead of the list, while it is open."""

    place = "policy"
    paned: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._tab: Tab = "rules"
        self._open = ""
        self._page: list[Line] = []
        self._presets: tuple[str, dict[str, PolicyTool]] = ("", {})

    def trail(self) -> Sequence[str]:
        return ["Policy", *([self._open.partition(":")[2]] if self._open else [])]

    # ---- what there is -----------------------------------------------------------------------------------------------

    def _shipped(self) -> dict[str, PolicyTool]:
        """The presets in force, by name, if they are the ones that this version has."""
        digest = self.floor.fleet.policy.presets
        if digest != self._presets[0]:
            from console.policy.shipped import shipped_tools  # late: reads files

            self._presets = digest, shipped_tools(digest) if digest else {}
        return self._presets[1]

    def _entries(self) -> list[str]:
        known = self.floor.fleet.policy
        if self._tab == "rules":
            return [f"rule:{rule.id}" for rule in known.rules]
        own = [f"tool:{tool.tool}" for tool in known.tools]
        return [*own, *(f"preset:{name}" for name in self._shipped())]

    def names(self) -> Sequence[str]:
        self._page = self._whole(self._open, self.view)
        if not self._page and self._tab == "limits":
            self._page = policy_rows.limits(self.floor.fleet, self.view)
        if self._page:
            return [""] * len(self._page)
        return self._entries() or [""]

    def detail(self, cells: int) -> list[Line]:
        if self._page:
            return []
        return in_pane(lambda view: self._whole(self.body.cursor, view), self.view, cells)

    def _whole(self, entry: str, view: View) -> list[Line]:
        """An entry in full; nothing once it is in force no more."""
        known = self.floor.fleet.policy
        kind, _, name = entry.partition(":")
        if kind == "rule":
            rule = next((rule for rule in known.rules if rule.id == name), None)
            return policy_rows.rule_whole(rule, known, view) if rule else []
        tool = self._tool(entry)
        return policy_rows.tool_whole(tool, view, preset=kind == "preset") if tool else []

    def _tool(self, chosen: str) -> PolicyTool | None:
        kind, _, name = chosen.partition(":")
        if kind == "preset":
            return self._shipped().get(name)
        return next((tool for tool in self.floor.fleet.policy.tools if tool.tool == name), None)

    # ---- rows --------------------------------------------------------------------------------------------------------

    def above(self) -> list[Line]:
        fleet, view = self.floor.fleet, self.view
        known = fleet.policy
        counts: dict[Tab, int] = {"rules": len(known.rules), "tools": len(known.tools) + len(self._shipped())}
        lines = [
            *policy_rows.banner(fleet.alarms.values(), view),
            *policy_rows.top(known, self._tab, counts, view),
        ]
        if self._page:
            return lines
        return [*lines, (policy_rows.rules_head if self._tab == "rules" else policy_rows.tools_head)(view)]

    def line(self, row: int) -> Line:
        names = self.body.names
        if self._page:
            return self._page[row] if row < len(self._page) else BLANK
        name = names[row] if row < len(names) else ""
        known, view = self.floor.fleet.policy, self.view
        kind, _, entry = name.partition(":")
        if kind == "rule":
            rule = next((rule for rule in known.rules if rule.id == entry), None)
            return policy_rows.rule_row(rule, known, view) if rule else BLANK
        tool = self._tool(name)
        if tool is not None:
            return policy_rows.tool_row(tool, view, preset=kind == "preset")
        words = "No rule is in force." if self._tab == "rules" else "No tool is described."
        return Row().at(3, words, "muted").line if known.digest else BLANK

    def under(self) -> list[Line]:
        known = self.floor.fleet.policy
        if self._tab == "tools" and known.presets and not self._shipped():
            return [BLANK, policy_rows.presets_unknown(self.view)]
        if self._tab == "rules" and known.rules and not self._open:
            text = "fired: named by judgements of this session; asked: a person was asked, too"
            return [BLANK, Row().at(3, text, "muted", end=self.view.last + 1).line]
        return []

    def label(self, key: KeyAction) -> str:
        if key.id in ("open", "back") and self._open:
            return "the list"
        return super().label(key)

    # ---- keys --------------------------------------------------------------------------------------------------------

    def act_open(self) -> None:
        if self._open:
            self._close()
        elif self._tab == "limits" or not self.body.cursor:
            self.floor.tell(Note("there is nothing to open here", brief=True))
        else:
            self._open = self.body.cursor
            self.floor.pace.settle()

    def _close(self) -> None:
        chosen, self._open = self._open, ""
        self.floor.pace.settle()
        self.floor.draw()
        self.body.choose(chosen)

    def act_back(self) -> None:
        if self._open and self.sheet is None:
            self._close()
        else:
            super().act_back()

    def act_tab(self) -> None:
        self._open = self.body.cursor = ""
        self._tab = TABS[(TABS.index(self._tab) + 1) % len(TABS)]
        self.floor.pace.settle()  # rows may move at once: that is what was asked for
