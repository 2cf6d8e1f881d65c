"""What the name of a tool that no catalogue has says of it: its class, how grave it is, what its result may hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.core.judging.effects import SEVERITY, classify, facts_by_name
from console.core.provenance.leaves import leaf_values
from console.policy.load import Rulebook

STEADY = settings(derandomize=True, deadline=None, max_examples=200)
JUDGE = Rulebook(None, None).judge


@pytest.mark.parametrize(
    "tool, args, expected",
    [
        ("get_order", {}, "read"),
        ("searchFlights", {}, "read"),
        ("mcp__shop__list-items", {}, "read"),
        ("get_page", {"url": "https://a.example/x"}, "visit"),
        ("open_link", {"url": "a.example"}, "visit"),
        ("verify_account", {"otp": "1234"}, "confirm"),
        ("change_password", {}, "identity"),
        ("addCollaborator", {}, "identity"),
        ("send_money", {}, "money"),
        ("wire_transfer", {}, "money"),
        ("cancel_booking", {}, "destroy"),
        ("delete_user", {}, "destroy"),
        ("send_message", {}, "send"),
        ("submit_form", {}, "send"),
        ("move_file", {}, "local"),
        ("update_booking", {}, "write"),
        ("run_python", {}, "execute"),
        ("search_replace", {"file": "a"}, "local"),
        ("search_replace", {}, "write"),
        ("read_write_file", {"path": "a", "text": "b"}, "local"),
        ("check_out_cart", {}, "money"),
        ("find_kill", {}, "destroy"),
        ("query", {"sql": "SELECT a FROM users"}, "read"),
        ("query", {"sql": "DELETE FROM users"}, "destroy"),
        ("get_query_result", {"a": {"b": ["select 1; /* x */ drop/**/table users"]}}, "destroy"),
        ("read_query", {"query": "WITH a AS (SELECT 1)\nUPDATE users SET a = 1"}, "write"),
        ("query", {"sql": "-- a note\nEXPLAIN ANALYZE INSERT INTO users VALUES (1)"}, "write"),
        ("query", {"sql": "GRANT ALL ON users TO bob"}, "identity"),
        ("query", {"sql": "SELECT pg_terminate_backend(1)"}, "execute"),
        ("search", {"query": "how to drop table users"}, "read"),
        ("frobnicate", {}, "unknown"),
    ],
)
def test_a_name_says_what_is_done(tool: str, args: dict[str, object], expected: str) -> None:
    assert classify(tool, leaf_values(args)) == expected


@STEADY
@given(st.text(max_size=60))
def test_any_name_has_a_class_and_none_that_is_unknown_is_mild(tool: str) -> None:
    facts = facts_by_name(tool)
    assert facts is None or facts.severity == SEVERITY[classify(tool)]


@pytest.mark.parametrize("tool", ["get_and_wipe_disk", "list_and_delete", "readThenPurge"])
def test_a_name_that_says_two_things_counts_as_the_worse(tool: str) -> None:
    facts = facts_by_name(tool)
    assert facts is not None
    assert facts.severity == SEVERITY["destroy"]


@pytest.mark.parametrize(
    "tool, private",
    [
        ("get_received_emails", True),
        ("listMessages", True),
        ("mcp__office__search-contacts", True),
        ("check_calendar", True),
        ("read_inbox_and_archive", True),
        ("get_message_and_reply", True),
        ("archive_and_list_inbox", True),
        ("open_inbox", True),
        ("download_messages", True),
        ("export_contacts", True),
        ("sync_calendar", True),
        ("mail_search", True),
        ("send_message", False),
        ("email_customer", False),
        ("delete_messages_and_reply", False),
        ("add_calendar_entry", False),
        ("get_messaging_prices", False),
        ("get_weather", False),
    ],
)
def test_what_somebodys_mailbox_holds_is_private_where_a_tool_reads_it(tool: str, private: bool) -> None:
    untrusted, sensitive = JUDGE.reads(tool, None, by_name=True)
    assert sensitive is private
    assert untrusted or not private  # anybody writes to it


@pytest.mark.parametrize("tool", ["get_page_and_delete", "delete_old_and_list_rest", "search_and_replace"])
def test_what_is_read_beside_something_graver_is_read_all_the_same(tool: str) -> None:
    assert JUDGE.reads(tool, None, by_name=True)[0]


def test_what_is_sent_beside_something_as_grave_is_carried_out_all_the_same() -> None:
    facts = facts_by_name("delete_and_send_copy")
    assert facts is not None
    assert facts.carries_out


@given(
    st.lists(
        st.sampled_from(("get", "send", "delete", "open", "inbox", "report", "mail", "update")), min_size=1
    ),
    st.lists(st.sampled_from(("read", "send", "wipe", "inbox", "export", "note", "messages")), min_size=1),
)
@STEADY
def test_what_a_name_says_more_takes_nothing_back(first: list[str], more: list[str]) -> None:
    """A deed more in a name makes the tool no milder in anything."""
    one, both = facts_by_name("_".join(first)), facts_by_name("_".join([*first, "and", *more]))
    if one is not None:
        assert both is not None
        assert both.severity >= one.severity
        assert both.reads_untrusted >= one.reads_untrusted
        assert both.reads_sensitive >= one.reads_sensitive
        assert both.outside >= one.outside


@given(
    st.sampled_from(("get", "read", "list", "search", "send", "delete")),
    st.lists(st.from_regex("[a-z]{2,8}", fullmatch=True)),
)
@STEADY
def test_a_mailbox_more_in_a_name_makes_its_result_no_less_private(verb: str, words: list[str]) -> None:
    tool = "_".join([verb, *words])
    assert JUDGE.reads(f"{tool}_mailbox", None, by_name=True) >= JUDGE.reads(tool, None, by_name=True)


def test_a_joining_word_alone_says_nothing() -> None:
    facts = facts_by_name("get_terms_and_conditions")
    assert facts is not None
    assert facts.severity == 0
