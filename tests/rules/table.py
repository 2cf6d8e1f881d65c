"""The rules of operation that the console is held to, each with its threshold and what tests or measures it.

`pytest -m rule_07` runs the tests of rule 7. The page of the console shows the same table; `tests.rules.test_table` holds
both, and the tests that are named here, together.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """One rule. `tests` are `file::function` below `tests/`; `measure` is a command, where a figure is wanted."""

    number: int
    rule: str
    threshold: str
    tests: tuple[str, ...]
    measured: str
    measure: str = ""

    @property
    def marker(self) -> str:
        """The marker of its tests."""
        return f"rule_{self.number:02d}"


_WALK: Final = "rules/test_keys_walked.py::"

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        1, "an alarm is seen soon after its event", "p95 500 ms, p99 1 s",
        ("tui/test_line.py::test_runs_at_work_make_four_frames_a_second_and_an_alarm_one_at_once",),
        "p50 31 ms, p95 90 ms, p99 171 ms for an ask (100 of them)", "python -m tests.bench --only seen",
    ),
    Rule(
        2, "a flood begins and ends", "more than 10, fewer than 5 in 10 min, an operator",
        ("core/test_alarm_life.py::test_a_flood_begins_at_ten_for_each_operator_and_ends_below_five",
         "desk/test_alarms.py::test_a_flood_begins_and_ends_in_the_log"),
        "begins at the tenth, ends at four",
    ),
    Rule(
        3, "a flood hides nothing grave", "0 of priority 1 off the first page",
        (f"{_WALK}test_rule_03_of_five_hundred_alarms_those_of_priority_1_stand_on_the_first_page",
         "tui/test_alarm_life.py::test_a_flood_keeps_what_is_worst_in_sight_and_says_its_number_calmly"),
        "0 of 3 among more than 500",
    ),
    Rule(
        4, "rows stand still under the cursor", "0 moves in 500 ms after a key",
        (f"{_WALK}test_rule_04_no_row_moves_within_half_a_second_of_a_key_whatever_comes",
         "tui/test_keys.py::test_no_row_moves_for_half_a_second_after_a_key",
         "tui/test_queue.py::test_a_new_ask_moves_nothing_under_the_cursor"),
        "0 in 75 random rounds",
    ),
    Rule(
        5, "what comes and goes is one row", "3 times a minute",
        ("core/test_alarm_life.py::test_an_alarm_that_comes_and_goes_is_one_alarm_until_it_keeps_still",
         "desk/test_alarms.py::test_a_chattering_alarm_is_quiet_again_after_a_minute"),
        "1 row, quiet again after a minute",
    ),
    Rule(
        6, "no approval grows stale", "escalated at half of its time, over at its end",
        ("desk/test_alarms.py::test_an_ask_is_escalated_once_at_half_of_its_time",
         "desk/test_gates.py::test_nobody_answers",
         "core/test_alarm_life.py::test_rates_count_what_was_answered_in_time_and_what_waits_too_long"),
        "each ask has its own end in place of 15 min and 24 h for all",
    ),
    Rule(
        7, "shelving has an end and a reason", "8 h, logged, comes back",
        ("desk/test_alarms.py::test_a_shelved_alarm_comes_back_by_itself",
         "desk/test_alarms.py::test_a_shelf_has_a_length_by_default_and_at_most",
         "desk/test_alarms.py::test_nobody_hides_what_is_latched_or_of_priority_1",
         "desk/test_alarms.py::test_hiding_needs_a_reason_a_key_and_a_recording",
         "tui/test_alarm_life.py::test_shelving_takes_a_time_and_a_reason"),
        "a reason always; priority 1 never",
    ),
    Rule(
        8, "a calm floor has no colour", "0 coloured cells",
        ("tui/test_wide.py::test_a_calm_floor_has_no_coloured_cell_on_any_screen",
         "tui/test_look.py::test_a_calm_floor_has_no_coloured_cell_in_any_theme"),
        "0, on every screen and in every theme",
    ),
    Rule(
        9, "every state is read without colour", "all 8 states differ in words",
        ("tui/test_alarm_life.py::test_every_state_of_an_alarm_has_its_word_and_its_sign",
         "tui/test_look.py::test_all_that_colour_says_is_said_without",
         "tui/test_look.py::test_bare_themes_use_no_colours_but_the_sixteen"),
        "all of them",
    ),
    Rule(
        10, "contrast", "4.5:1, high-contrast 7:1",
        ("tui/test_look.py::test_every_pair_of_every_palette_can_be_read",
         "tui/test_look.py::test_what_means_something_can_be_told_apart"),
        "every pair of every theme",
    ),
    Rule(
        11, "few keys to a decision", "0 when one waits; from an alarm 2; home 1",
        (f"{_WALK}test_rule_11_no_key_when_one_waits_and_escape_leads_to_the_floor",
         f"{_WALK}test_rule_11_the_floor_stands_there_when_none_or_several_wait",
         f"{_WALK}test_rule_11_from_an_alarm_to_its_decision_are_two_keys",
         f"{_WALK}test_rule_11_fleet_is_one_key_away",
         f"{_WALK}test_rule_11_what_stops_is_one_key_and_what_approves_is_two_different_ones"),
        "0, 2, 1; when several wait 1",
    ),
    Rule(
        12, "the key that confirms is another, and never enter", "every row of the table of keys",
        ("tui/test_rows.py::test_no_key_confirms_what_it_initiated_and_enter_confirms_nothing",
         f"{_WALK}test_rule_12_an_acting_key_and_what_completes_it_state_one_intent",
         f"{_WALK}test_rule_12_no_key_held_down_and_no_enter_states_what_is_dangerous",
         f"{_WALK}test_rule_12_an_id_of_the_killing_key_alone_is_not_killed_by_holding_it",
         f"{_WALK}test_rule_12_every_acting_action_is_walked"),
        "one intent a key; none by enter or by holding one",
    ),
    Rule(
        13, "a kill takes the id, and is not believed before it is so", "10 s, then a latched alarm",
        ("tui/test_keys.py::test_kill_takes_the_runs_id_and_its_last_character_kills",
         "tui/test_keys.py::test_the_facts_of_a_kill_come_from_the_record_alone",
         "desk/test_floor.py::test_a_kill_without_effect_is_the_loudest_alarm",
         f"{_WALK}test_rule_13_a_kill_that_nobody_answers_says_so"),
        "four facts with their times; alarm after 10 s",
    ),
    Rule(
        14, "pause is one key", "before the next gate; acknowledged in 1 s",
        ("tui/test_keys.py::test_pause_is_one_key_and_resumes_what_is_paused",
         "sdk/test_core.py::test_while_stopped_nothing_is_even_proposed",
         "sdk/test_agent.py::test_a_pause_holds_the_checkpoint_until_resume",
         "desk/test_floor.py::test_four_facts_of_a_pause"),
        "nothing is proposed any more; acknowledged 78 ms after the key, 339 ms at worst (20 pauses)",
        "python -m tests.bench --only pause",
    ),
    Rule(
        15, "an approval is of these arguments", "another digest: refused, always",
        ("desk/test_gates.py::test_an_ask_is_approved_once_for_exactly_what_was_shown",
         "desk/test_gates.py::test_another_digest_is_stale",
         "sdk/test_core.py::test_a_decision_about_other_arguments_is_refused_and_the_gate_waits_on"),
        "refused by supervisor and agent",
    ),
    Rule(
        16, "said twice counts once, said late not at all", "1; 0 after the end",
        ("desk/test_gates.py::test_a_replayed_intent_has_no_second_effect",
         "desk/test_gates.py::test_a_decision_is_used_once",
         "sdk/test_core.py::test_a_decision_counts_once_and_its_action_begins_once",
         "sdk/test_core.py::test_a_decision_that_comes_with_the_deadline_is_too_late"),
        "1 and 0",
    ),
    Rule(
        20, "a broker or a terminal that is gone delays and loses nothing", "`?` in 2 s; 0 events lost, all told again",
        ("faults/test_faults.py::test_a_floor_survives_the_deaths_of_its_processes",
         "link/test_floor.py::test_a_cut_link_is_joined_again",
         "sdk/test_agent.py::test_a_cut_link_loses_nothing_and_raises_nothing",
         "tui/test_screens.py::test_a_lost_link_is_told_in_the_first_two_rows_and_where_it_hurts",
         "consoles/test_stalled.py::test_rule_20_a_terminal_that_stops_reading_delays_no_decision"),
        "every row marked in 79 ms at worst (6 deaths), 0 lost; every decision beside a terminal that does not read",
        "python -m tests.bench --only loss",
    ),
    Rule(
        21, "a hang-up, and a line that is far away", "terminal as before; 0 committed decisions lost",
        ("consoles/test_hung_up.py::test_consoles_that_are_hung_up_leave_nothing_behind",
         "consoles/test_hung_up.py::test_fifty_consoles_hung_up_at_random_moments_change_nothing_but_what_they_said",
         "tui/test_far_away.py::test_rule_21_a_far_and_thin_line_is_enough"),
        "50 random moments; ssh with 300 ms each way at 64 kbit/s: 17 kB and all",
    ),
    Rule(
        22, "few bytes on the line", "mean 2 kB/s, peak 10 kB/s, idle 50 B/s",
        ("tui/test_line.py::test_runs_at_work_make_four_frames_a_second_and_an_alarm_one_at_once",
         "tui/test_line.py::test_a_row_is_cut_to_what_changed",
         "tui/test_shown.py::test_a_terminal_that_gets_only_what_is_new_shows_the_same",
         "tui/test_shown.py::test_another_screen_and_another_size_are_written_whole_and_once"),
        "0.7 kB/s, 2.1 kB in the worst second (8.8 kB while views are opened), idle 0", "python -m tests.bench --only line",
    ),
    Rule(
        23, "80x24 is enough, less acts on nothing", "every action; 79x24 none",
        (f"{_WALK}test_rule_12_an_acting_key_and_what_completes_it_state_one_intent",
         "tui/test_keys.py::test_a_terminal_that_is_too_small_acts_on_nothing",
         "tui/test_keys.py::test_a_sheet_left_behind_by_a_shrinking_terminal_is_dead_until_it_grows"),
        "every acting key at 80x24; none at 79x24",
    ),
    Rule(
        24, "line mode can do the same", "every action",
        ("cli/test_parity.py::test_every_action_of_the_consoles_table_is_reachable_by_a_line",
         "cli/test_plain.py::test_every_acting_action_states_exactly_its_intent"),
        "every one",
    ),
    Rule(
        30, "who approves without reading is named", "20 in 10 min, under 2 s, over 95 % of 50",
        ("core/test_alarm_life.py::test_rubber_stamping_has_thresholds",
         "desk/test_alarms.py::test_who_approves_faster_than_anybody_reads_is_named_until_it_is_over"),
        "an alarm that names the figure",
    ),
)  # fmt: skip


def tests_of(rule: Rule) -> set[str]:
    """Its tests, as pytest names them."""
    return {f"tests/{name}" for name in rule.tests}


def page() -> list[str]:
    """The table of the page, line by line."""
    lines = ["| rule | | threshold | tested in | seen |", "|---|---|---|---|---|"]
    for rule in RULES:
        files = sorted({name.partition("::")[0] for name in rule.tests})
        where = " ".join(f"`{name}`" for name in files)
        if rule.measure:
            where += f" `{rule.measure}`"
        lines.append(f"| `{rule.marker}` | {rule.rule} | {rule.threshold} | {where} | {rule.measured} |")
    return lines


if __name__ == "__main__":
    print("\n".join(page()))  # noqa: T201  (what it is for)
