"""Line mode against the real desk of a supervisor in memory: every act, its friction, and what is told meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bus import codec
from bus.canonical import code
from bus.events import RunStarted
from bus.floor_records import FloorHeld
from bus.grant_records import GrantMade
from bus.messages import Intent
from console.cli.exits import CliError, Exit
from console.cli.options import Place
from console.cli.plain.words import WORDS
from console.tui.keys.actions import ACTIONS
from tests.cli.plain_site import place_of, sat
from tests.fixtures.site_in_memory import TOPICS, SiteInMemory

NOW = 1_790_000_000_000
REFUND = {"order_id": "88213", "amount": 62.0}
ESC = "\x1b[2J\x1b]0;owned\x07\u202e"


@pytest.fixture
def site() -> SiteInMemory:
    return SiteInMemory(NOW)


@pytest.fixture
def place(site: SiteInMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place_of(site, tmp_path, monkeypatch)


def ask(site: SiteInMemory, name: str = "a1", tool: str = "ask_refund", **more: Any) -> str:
    return site.agent.propose("7q4f", name, tool, REFUND, **more)


def verdicts(site: SiteInMemory) -> dict[str, str]:
    actions = site.fleet.runs["refunds/7q4f"].actions.values()
    return {action.id: str(action.outcome or action.state) for action in actions}


def kinds(site: SiteInMemory) -> list[str]:
    return [command.kind for command in site.fleet.commands.values()]


# ---- what is told ----------------------------------------------------------------------------------------------------


async def test_what_waits_is_told_as_it_begins_with_its_priority(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        assert "waits 11: priority act, ask, S3 costly, ask_refund 62.0" in here.news()
        ask(site, "a2", "hold_wire")
        told = await here.shows("waits 12: ")
        assert "priority stop, hold, S3 costly, hold_wire 62.0, refunds run 7q4f, due in " in told


async def test_what_ends_the_waiting_is_told_once(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here, sat(site, place) as other:
        await other.type("reject 11 no thanks")
        told = await here.shows("waits no more 11")
        assert "rejected by op, ask_refund: no thanks" in told
        assert (await here.type("queue")).strip() == "queue: nothing"


async def test_alarms_are_told_with_what_becomes_of_them(site: SiteInMemory, place: Place) -> None:
    async with sat(site, place) as here:
        site.supervisor.desk.alarms.raise_("ungated-action", "it ran", "refunds", "7q4f")
        site.supervisor.pump()
        told = await here.shows("alarm raised 11: ")
        assert "alarm priority 1, unacknowledged, latched, ungated-action: it ran, refunds 7q4f" in told
        assert "alarm 11: acknowledged by op" in await here.type("ack 11")
        assert "not offered: it is acknowledged already by op" in await here.type("ack 11")
        assert "reset it ran, because: type the words" in await here.type("reset 11")
        assert "no words; nothing was sent" in await here.type("")
        assert "alarm 11: " in await here.type("reset 11 it was me")
        assert [alarm.state for alarm in site.fleet.alarms.values()] in ([], ["normal"])


async def test_a_lost_link_is_told_and_what_happened_meanwhile_once_it_is_back(
    site: SiteInMemory, place: Place
) -> None:
    async with sat(site, place) as here:
        site.supervisor.mute = True
        ask(site)
        await here.quiet()
        assert "waits" not in here.news()
        site.supervisor.mute = False
        site.take_over("epoch-2")
        told = await here.shows("link: back")
        told += await here.shows("waits 11: ") if "waits 11" not in told else ""
        assert "link: the supervisor" in told


async def test_the_four_facts_of_an_own_intent_are_told_in_order(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        here.news()
        told = await here.type("open 11", "approve", "y")
        at = [
            told.index(f"approve ask_refund 7q4f: {fact}")
            for fact in ("requested", "sent", "acknowledged", "effective")
        ]
        assert at == sorted(at)
        assert verdicts(site) == {"a1": "approved"}


async def test_hostile_text_comes_out_as_text(site: SiteInMemory, place: Place) -> None:
    site.agent.report("evil", RunStarted(goal=ESC, agent_version=ESC))
    site.agent.propose("evil", "a1", f"ask_{ESC}", {ESC: ESC, "to": f"a\nb{ESC}"}, reason=ESC)
    site.supervisor.desk.alarms.raise_("misdeed", ESC, "refunds", "evil")
    site.supervisor.pump()
    async with sat(site, place, coloured=False) as here:
        await here.type(
            "queue",
            "fleet",
            "alarms",
            "11",
            "12",
            "13",
            "open refunds/evil",
            "edit 11",
            "",
            "kill refunds/evil",
            "",
        )
        await here.type(f"reject 11 {ESC}", "events on", f"{ESC}")
        ask(site)
        await here.quiet()
        assert set(here.said) & {chr(number) for number in range(32)} == {"\n"}
        assert "\u202e" not in here.said
        assert "owned" in here.said


# ---- friction --------------------------------------------------------------------------------------------------------


async def test_an_ask_takes_approve_and_then_y(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        told = await here.type("approve 11")
        assert '"amount": 62.0' in told
        assert "y does it, anything else does not" in told
        for wrong in ("", "approve 11", "a", "1", "Y", "yes"):
            assert "not confirmed; nothing was sent" in await here.type(wrong)
            assert verdicts(site) == {"a1": "asked"}
            await here.type("approve 11")
        await here.type("y")
        assert verdicts(site) == {"a1": "approved"}


async def test_a_hold_takes_all_arguments_and_then_its_code(site: SiteInMemory, place: Place) -> None:
    digest = ask(site, tool="hold_wire")
    async with sat(site, place) as here:
        told = await here.type("11", "1")
        assert told.index('"order_id": "88213"') < told.index(f"the code {code(digest)}, typed")
        for wrong in ("", "y", "1", "0" + code(digest), code(digest)[:3]):
            assert "not the code; nothing was sent" in await here.type(wrong)
            assert verdicts(site) == {"a1": "asked"}
            await here.type("approve 11")
        await here.type(code(digest))
        assert verdicts(site) == {"a1": "approved"}


async def test_a_hold_cannot_be_approved_by_the_same_line_again_and_again(
    site: SiteInMemory, place: Place
) -> None:
    ask(site, tool="hold_wire")
    ask(site, "a2")
    async with sat(site, place) as here:
        for line in (
            "1",
            "2",
            "11",
            "12",
            "y",
            "approve",
            "approve 12",
            "a 11",
            "kill",
            "K 11",
            "hold all",
            "H",
            "",
            "3 4",
        ):
            before = verdicts(site)
            await here.type("open 12", *[line] * 6)
            approved = [name for name, word in verdicts(site).items() if word in ("approved", "edited")]
            assert approved == [], (line, before)
            assert "kill" not in kinds(site), line
            assert "hold" not in kinds(site), line


async def test_reject_takes_one_line_with_or_without_a_reason(site: SiteInMemory, place: Place) -> None:
    ask(site)
    ask(site, "a2")
    async with sat(site, place) as here:
        await here.type("reject 11", "reject 12 too much")
        assert verdicts(site) == {"a1": "rejected", "a2": "rejected"}
        assert site.fleet.runs["refunds/7q4f"].actions["a2"].note == "too much"


async def test_a_word_without_a_number_is_about_what_was_opened_and_text_needs_the_number(
    site: SiteInMemory, place: Place
) -> None:
    ask(site)
    async with sat(site, place) as here:
        await here.type("open 11")
        assert "no action 'nonsense'" in await here.type("reject nonsense")
        assert verdicts(site) == {"a1": "asked"}
        await here.type("reject")
        assert verdicts(site) == {"a1": "rejected"}


async def test_kill_takes_the_runs_short_id(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        told = await here.type("kill 11")
        assert "cooperative" in told
        assert "ask_refund is not run" in told
        for wrong in ("y", "", "kill 11", "7q4"):
            assert "not its id; nothing was sent" in await here.type(wrong)
            await here.type("kill 11")
        await here.type("7q4f")
        assert site.state_of("refunds/7q4f") == "killed"


async def test_hold_all_takes_a_second_line(site: SiteInMemory, place: Place) -> None:
    async with sat(site, place) as here:
        assert "hold all: 1 stopped at the next gate" in await here.type("hold all")
        await here.type("hold all")
        assert kinds(site) == []
        await here.type("H", "y")
        assert kinds(site) == ["hold"]


async def test_a_hold_of_the_floor_is_told_and_resume_all_takes_a_second_line(
    site: SiteInMemory, place: Place
) -> None:
    async with sat(site, place) as here:
        assert "not offered: the floor is not held" in await here.type("resume all")
        assert "floor held by op since" in await here.type("hold all", "y")
        assert "floor held by op since" in await here.type("status")
        assert "resume all: 1 held by it goes on" in await here.type("resume all")
        assert kinds(site) == ["hold"]
        assert "the floor is held no longer" in await here.type("y")
        assert kinds(site) == ["hold", "resume"]


async def test_pause_hold_and_resume_take_one_line(site: SiteInMemory, place: Place) -> None:
    async with sat(site, place) as here:
        await here.type("fleet", "pause 11 look first", "resume 11", "hold 11")
        assert kinds(site) == ["pause", "resume", "hold"]
        assert next(iter(site.fleet.commands.values())).reason == "look first"


async def test_an_edit_is_told_as_what_it_changes_and_confirmed_like_an_approval(
    site: SiteInMemory, place: Place
) -> None:
    digest = ask(site, tool="hold_wire")
    async with sat(site, place) as here:
        told = await here.type("edit 11", "2", "40", "done")
        assert "amount was 62.0, will be 40" in told
        await here.type(code(digest))
        action = site.fleet.runs["refunds/7q4f"].actions["a1"]
        assert (action.outcome, action.edited) == ("edited", REFUND | {"amount": 40})


@pytest.mark.parametrize(
    "lines, words",
    [
        (["done"], "the arguments are the same as before"),
        ([""], "not changed; nothing was sent"),
        (["9"], "not the number of an argument"),
        (["2", "[1"], "not JSON"),
        (["2", '1, "b": 2'], "one value, no more"),
        (['{"amount": 1, "amount": 2}'], "stands there twice"),
        (['{"amount": 9007199254740993}', "y"], ""),
    ],
)
async def test_what_is_no_edit_changes_nothing(
    site: SiteInMemory, place: Place, lines: list[str], words: str
) -> None:
    ask(site)
    async with sat(site, place) as here:
        assert words in await here.type("edit 11", *lines)
        assert verdicts(site) == {"a1": "asked"}


async def test_a_stop_is_done_at_a_question_too_and_words_are_only_words(
    site: SiteInMemory, place: Place
) -> None:
    ask(site)
    ask(site, "a2")
    async with sat(site, place) as here:
        told = await here.type("approve 11", "reject 12 first this")
        assert "not confirmed; nothing was sent" in told
        assert verdicts(site) == {"a1": "asked", "a2": "rejected"}
        await here.type("approve 11", "hold all", "y")
        assert kinds(site).count("hold") == 1
        await here.type("respond 11", "kill 11")
        assert site.fleet.runs["refunds/7q4f"].actions["a1"].answer == "kill 11"


async def test_respond_takes_words(site: SiteInMemory, place: Place) -> None:
    ask(site)
    ask(site, "a2")
    async with sat(site, place) as here:
        await here.type("respond 11", "ask the customer first", "r 12 no")
        actions = site.fleet.runs["refunds/7q4f"].actions
        assert [actions[name].answer for name in ("a1", "a2")] == ["ask the customer first", "no"]


async def test_a_question_is_taken_back_when_another_operator_was_faster(
    site: SiteInMemory, place: Place
) -> None:
    ask(site)
    async with sat(site, place) as here, sat(site, place) as other:
        await here.type("approve 11")
        await other.type("reject 11")
        told = await here.shows("the question is taken back")
        assert "it no longer waits: rejected by op; nothing was sent" in told
        assert "y: no such word" in await here.type("y")


# ---- who may ---------------------------------------------------------------------------------------------------------


async def test_read_only_has_no_acting_word(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place, read_only=True) as here:
        assert "choose:" not in await here.type("open 11")
        for word in WORDS:
            told = await here.type(f"{word.name} 11", "y")
            assert ("this console is read-only" in told) == word.acting, word.name
            if word.name == "quit":
                break
        assert verdicts(site) == {"a1": "asked"}
        assert kinds(site) == []


async def test_without_a_key_only_stopping_is_offered(
    site: SiteInMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(site, tmp_path, monkeypatch, key=False)
    ask(site)
    ask(site, "a2")
    async with sat(site, place) as here:
        for word in ("approve 11", "edit 11", "respond 11 x", "resume 11", "kill 11"):
            assert "not offered: you have no key" in await here.type(word)
        await here.type("reject 11")
        assert verdicts(site) == {"a1": "rejected", "a2": "asked"}


async def test_an_observed_run_cannot_be_stopped_and_an_ended_one_is_over(
    site: SiteInMemory, place: Place
) -> None:
    site.fleet.runs["refunds/7q4f"].control = "observed"
    async with sat(site, place) as here:
        assert "an observed run cannot be stopped from here" in await here.type("pause refunds/7q4f")
        assert "an observed run cannot be stopped from here" in await here.type("kill 7q4f")


async def test_an_approval_is_closed_while_the_recording_fails_and_a_rejection_is_not(
    site: SiteInMemory, place: Place
) -> None:
    ask(site)
    async with sat(site, place) as here:
        site.supervisor.desk.recording(failing=True)
        site.supervisor.desk.renew()
        site.supervisor.pump()
        await here.shows("link: the recording fails")
        assert "not offered: closed while the recording fails" in await here.type("approve 11")
        assert "reject ask_refund" in await here.type("reject 11")


def test_no_two_words_are_typed_alike() -> None:
    names = [name for word in WORDS for name in (word.name, *word.keys)]
    assert len(names) == len(set(names))


INTENTS: dict[str, tuple[list[str], str]] = {
    "approve": (["approve 11", "y"], "approve"),
    "edit": (["edit 11", '{"amount": 1}', "y"], "edit"),
    "reject": (["reject 11"], "reject"),
    "reject_why": (["D 11", "because"], "reject"),
    "respond": (["respond 11 hello"], "respond"),
    "escalate": (["escalate 11 look at this"], "escalate"),
    "claim": (["claim 11"], "claim"),
    "pause": (["pause 11"], "pause"),
    "kill": (["kill 11", "7q4f"], "kill"),
    "revoke": (["revoke 11"], "revoke"),
    "hold_all": (["hold all", "y"], "hold"),
    "resume_all": (["resume all", "y"], "resume"),
    "acknowledge": (["ack agent"], "acknowledge"),
    "reset": (["reset agent enough"], "reset"),
    "shelve": (["shelve agent 30m nightly"], "shelve"),
    "remove": (["remove agent broken sensor"], "remove"),
}


@pytest.mark.parametrize(
    "name", sorted({action.id for action in ACTIONS if action.acting and not action.confirms})
)
async def test_every_acting_action_states_exactly_its_intent(
    site: SiteInMemory, place: Place, name: str
) -> None:
    ask(site)
    site.supervisor.desk.alarms.raise_(
        "misdeed" if name in ("shelve", "remove") else "ungated-action", "it ran", "refunds", "7q4f"
    )
    if name == "resume_all":
        site.supervisor.desk.log.write(FloorHeld(by="op-2"))
    if name == "revoke":
        made = GrantMade(grant="g1", action="a0", tool="x", alike="0" * 64, by="op-1", uses=2, seconds=600)
        site.supervisor.desk.log.write(made, "refunds", "7q4f")
    site.supervisor.pump()
    (alarm,) = site.fleet.alarms
    said: list[Intent] = []
    take = site.supervisor.take

    def listen(message: Any) -> None:
        if message.topic.startswith(f"{TOPICS.root}/intents"):
            said.append(codec.decode(message.payload, Intent))
        take(message)

    lines, verb = INTENTS[name]
    async with sat(site, place) as here:
        site.supervisor.take = listen  # type: ignore[method-assign]
        await here.type(*(line.replace("agent", alarm) if "agent" in line else line for line in lines))
        acts = [intent for intent in said if intent.verb not in ("keyframe", "watch", "leave")]
        assert [intent.verb for intent in acts] == [verb]
        assert acts[0].sig


# ---- scripts ---------------------------------------------------------------------------------------------------------


async def test_the_end_of_a_script_waits_for_what_it_said(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        here.typed.put("reject 11")
        assert await here.end() == Exit.DONE
        assert verdicts(site) == {"a1": "rejected"}


async def test_the_end_of_input_at_a_question_sends_nothing(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        await here.type("approve 11")
        assert await here.end() == Exit.DONE
        assert "not confirmed; nothing was sent" in here.news()
        assert verdicts(site) == {"a1": "asked"}


async def test_a_script_ends_with_1_when_something_was_refused(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        site.agent.obeys = "refused"
        assert "refused by the agent" in await here.type("pause 11")
        assert await here.end() == Exit.REFUSED


@pytest.mark.parametrize(
    "lines",
    [["aprove 11"], ["reject 99"], ["99"], ["reject nobody/r9/a9"], ["kill 12", "zzzz"], ["wait long"]],
)
async def test_a_script_with_a_line_that_cannot_be_done_ends_with_2(
    site: SiteInMemory, place: Place, lines: list[str]
) -> None:
    ask(site)
    async with sat(site, place) as here:
        await here.type("open 11", *lines, "queue")
        assert await here.end() == Exit.USAGE
        assert verdicts(site) == {"a1": "asked"}


async def test_a_script_without_a_floor_ends_with_3(site: SiteInMemory, place: Place) -> None:
    site.supervisor.mute = True
    from tests.cli.plain_site import Sitting

    here = Sitting(site, replace(place, timeout=0.01))
    with pytest.raises(CliError) as caught:
        await here.task
    assert caught.value.code == Exit.NO_ANSWER


async def test_wait_says_what_is_still_open(site: SiteInMemory, place: Place) -> None:
    site.agent.obeys = ""
    async with sat(site, place) as here:
        await here.type("fleet", "pause 11")
        assert "still open: pause refunds 7q4f: sent" in await here.type("wait 0")
        assert "not a number of seconds" in await here.type("wait soon")


async def test_lists_are_narrowed_by_the_filter_of_the_console(site: SiteInMemory, place: Place) -> None:
    ask(site)
    async with sat(site, place) as here:
        told = await here.type("filter tool:wire", "queue", "fleet", "filter", "queue")
        assert "queue: 0 of 1, 1 not shown by the filter tool:wire" in told
        assert "queue: 1 of 1" in told


# ---- what was typed before -------------------------------------------------------------------------------------------


async def test_what_was_typed_before_a_question_stood_there_is_no_answer_to_it(
    site: SiteInMemory, place: Place
) -> None:
    ask(site)
    async with sat(site, place, script=False) as here:
        for line in ("approve 11", "y"):  # in one breath, as a paste has it
            here.typed.put(line)
        await here.quiet()
        assert "typed before the question stood there" in here.news()
        assert verdicts(site) == {"a1": "asked"}
        await here.type("y")
        await here.quiet()
        assert verdicts(site) == {"a1": "approved"}


async def test_what_stops_is_done_however_early_it_was_typed(site: SiteInMemory, place: Place) -> None:
    ask(site)
    ask(site, "a2", "hold_wire")
    async with sat(site, place, script=False) as here:
        for line in ("approve 11", "reject 12", "reject-because 11", "not today"):
            here.typed.put(line)
        await here.quiet()
        await here.quiet()
        assert verdicts(site) == {"a1": "rejected", "a2": "rejected"}
