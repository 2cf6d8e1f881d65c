"""What leads from one action to an approval: the sheet that confirms it, as it was asked for or edited."""

from __future__ import annotations

from typing import Any

from bus.canonical import NotCanonicalError, canonical
from console.core.blobs import blob_names
from console.core.fleet.binding import unbound
from console.core.fleet.state import Action, Run
from console.tui.rows.arguments import editable
from console.tui.rows.edits import changed
from console.tui.rows.frame_rows import Note
from console.tui.rows.grant_rows import asked_alike
from console.tui.screens.acts import ActingScreen
from console.tui.sheets.confirm_sheets import ApproveSheet, CodeSheet, title, wish_about


class ConfirmingScreen(ActingScreen):
    """Base of the screen of one action. A draft of an edit is kept for the next time."""

    def __init__(self) -> None:
        super().__init__()
        self._draft: str | None = None

    @property
    def action(self) -> Action | None:
        """The action, or None once its run has left the fleet."""
        raise NotImplementedError

    @property
    def run(self) -> Run | None:
        """Its run."""
        raise NotImplementedError

    def act_approve(self) -> None:
        action = self.action
        if action is not None:
            self._confirm(action, None)

    def _edited(self, text: str, args: dict[str, Any] | None) -> None:
        """Keep what an operator typed, and ask to confirm it if it is to be."""
        self._draft = text
        action = self.action
        if args is None:
            return
        if action is None or action.state != "asked":
            self.floor.tell(Note("edit: it no longer waits", "act"))
            return
        if blob_names(args):
            self.floor.tell(Note("edit: a value sent apart cannot be read here; write out another", "act"))
            return
        try:
            canonical(args)
        except NotCanonicalError as error:
            self.floor.tell(Note(f"edit: {error}", "act"))
            return
        self._confirm(action, args)

    def _confirm(self, action: Action, args: dict[str, Any] | None) -> None:
        if why := unbound(action):
            self.floor.tell(Note(f"not offered: {why}", "stop"))
            return
        edits = changed(action.args, args) if args is not None else []
        wish = wish_about(action, "edit")._replace(args=args) if edits else wish_about(action, "approve")
        kind = CodeSheet if action.gate == "hold" else ApproveSheet
        what = f"Approve, changed: {action.tool}" if edits else title("Approve", action)
        self.sheet = kind(wish, what, edits, lambda: self.run)
        if isinstance(self.sheet, ApproveSheet) and action.offer is not None and not edits:
            self.sheet.offered = tuple(action.offer.destinations)
            self.sheet.alike = asked_alike(self.run, action)

    def act_edit(self) -> None:
        from console.tui.screens.edit_screen import EditScreen

        action = self.action
        self.sheet = None
        if action is not None:
            text = self._draft if self._draft is not None else editable(action.args)
            self.app.push_screen(EditScreen(self.trail(), action, text, self._edited))
