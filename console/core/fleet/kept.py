"""How much the fleet keeps of everything: what is beyond stands in the log alone. Pure numbers."""

from __future__ import annotations

from typing import Final

STEPS_KEPT: Final = 40
STEPS_KEPT_ENDED: Final = 12
STEP_TEXT: Final = 120
ALARM_TEXT: Final = 400
GOAL_CHARS: Final = 1_000
"""Of a goal, for people to read; what judges a run is told all of it."""
ACTIONS_KEPT: Final = 24
ARGS_KEPT: Final = 6
"""Closed actions of a run, the newest, whose arguments are kept."""
MESSAGES_KEPT: Final = 8
RUNGS_KEPT: Final = 16
"""Steps of an enforced command that the fleet keeps; the log has them all."""

COMMANDS_KEPT: Final = 1_024
FINISHED_KEPT: Final = 200
AGENTS_KEPT: Final = 2_000
LOST_KEPT: Final = 500
AWAY_KEPT: Final = 2_000
ENDED_KEPT: Final = 10_000
LIVES_KEPT: Final = 16
OPEN_ACTIONS: Final = 64
UNGATED_KEPT: Final = 32
"""Actions of a run that nothing allowed and whose end nobody saw; the newest are kept."""
ARGS_OF_RUN: Final = 524_288
"""Bytes of arguments kept of a run, encoded. What comes beyond stands in the log alone."""
ARGS_OF_SITE: Final = 67_108_864
"""Bytes of arguments kept of all runs together: a keyframe must stay far below what can be read back."""
CLAIMS_KEPT: Final = 32
TOOLS_KEPT: Final = 128
WITHDRAWN_KEPT: Final = 128
