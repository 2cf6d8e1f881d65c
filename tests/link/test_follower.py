"""The follower against a scripted supervisor: whatever is lost, doubled or late, its fleet is the log's."""

import base64
import itertools
import json
from collections import deque

import msgspec
import pytest
import zstandard
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import Raw

from bus import codec
from bus.alarm_records import AlarmRaised
from bus.events import Data, Envelope, MessageSeen, RunFinished, RunStarted, StepFinished, StepStarted
from bus.limits import INTENT_REPEAT, INTENT_TIMEOUT, LEASE_TTL, WATCH_RENEW
from bus.messages import Answer, Intent, Journal, JournalRecord, KeyframePart, SupervisorState
from bus.records import AgentBorn, IntentRefused, SupervisorStarted
from bus.seals import keyframe_seal, sealed_journal
from bus.signing import PrivateKey, PublicKey
from bus.topics import Topics
from bus.transports.transport import LinkDown, LinkUp, Message
from console.core.fleet import state
from console.core.fleet.state import Fleet, KeyframeError, decode, encode
from console.core.reducing.reduce import reduce
from console.link import parts
from console.link.follower import LINK, REPLACED, Effects, Follower
from console.link.parts import KeyframeParts
from console.link.status import trouble

TOPICS = Topics("test")
KEY = PrivateKey.generate()
OTHER = PrivateKey.generate()
CONSOLE = "console-1"


class Site:
    """A log that grows, and what its supervisor would publish about it."""

    def __init__(self) -> None:
        self.epoch = "epoch-1"
        self.lease = 0
        self.log: list[JournalRecord] = []
        self.seqs: dict[str, int] = {}
        self.fleet = Fleet(site="test")
        self.bodies = [encode(self.fleet)]
        self.write(SupervisorStarted(epoch=self.epoch))

    def write(self, data: Data, agent: str = "", run: str = "") -> JournalRecord:
        source = codec.source(agent, run) if run else codec.SUPERVISOR_SOURCE
        seq = self.seqs[source] = self.seqs.get(source, 0) + 1
        envelope = Envelope(
            id=f"i.{seq}",
            source=source,
            subject="" if run else agent,
            type=data.TYPE,
            incarnation="i",
            seq=seq,
            data=Raw(codec.encode(data)),
        )
        record = JournalRecord(
            pos=len(self.log) + 1, at=1_000 + len(self.log), event=Raw(codec.encode(envelope))
        )
        self.log.append(record)
        reduce(self.fleet, codec.record(record.pos, record.at, envelope))
        self.bodies.append(encode(self.fleet))
        return record

    def restart(self, number: int) -> None:
        self.epoch, self.lease = f"epoch-{number}", 0
        self.write(SupervisorStarted(epoch=self.epoch))

    def state(self, *, retained: bool = False, key: PrivateKey = KEY, **changes: object) -> Message:
        self.lease += not retained
        fields = {
            "status": "up",
            "epoch": self.epoch,
            "instance": "x",
            "lease": self.lease,
            "public_key": key.public.line,
        }
        state = msgspec.convert(fields | changes, SupervisorState)
        return Message(TOPICS.state, key.sign(state), retained)

    def journal(self, *records: JournalRecord, epoch: str = "") -> Message:
        return Message(TOPICS.journal, sealed_journal(KEY, epoch or self.epoch, records))

    def keyframe(self, intent: str, size: int = 1 << 20) -> list[Message]:
        packed = zstandard.compress(encode(self.fleet))
        chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
        seal = keyframe_seal(KEY, self.epoch, intent, self.fleet.pos, len(chunks), packed)
        return [
            Message(
                TOPICS.console(CONSOLE),
                codec.encode(
                    KeyframePart(
                        intent=intent,
                        epoch=self.epoch,
                        pos=self.fleet.pos,
                        i=i,
                        n=len(chunks),
                        data=base64.b64encode(chunk).decode(),
                        seal=seal,
                    )
                ),
            )
            for i, chunk in enumerate(chunks)
        ]


def follower(now: float = 0.0, pinned: PublicKey | None = KEY.public, *, watching: bool = False) -> Follower:
    ids = itertools.count(1)
    return Follower(
        TOPICS,
        operator="op",
        console=CONSOLE,
        new_id=lambda: f"intent-{next(ids)}",
        now=now,
        pinned=pinned,
        watching=watching,
    )


def joined(site: Site, now: float = 0.0, pinned: PublicKey | None = KEY.public) -> Follower:
    """Return a follower that has joined, with the supervisor's lease held."""
    follow = follower(now, pinned)
    (intent,) = follow.receive(LinkUp("c"), now).intents
    follow.receive(site.state(), now)
    for message in site.keyframe(intent.id):
        follow.receive(message, now)
    assert follow.joined
    return follow


LIFE: list[Data] = [
    RunStarted(goal="a goal"),
    StepStarted(step=1, name="one"),
    MessageSeen(role="user", text="x" * 300),
    StepFinished(step=1, ok=False),
    RunFinished(outcome="completed"),
]


class Interleavings(RuleBasedStateMachine):
    """Anything between supervisor and console may be lost, doubled or late; the fleet is never anything but the log's."""

    @initialize()
    def begin(self) -> None:
        self.site = Site()
        self.now = 100.0
        self.epochs = 1
        self.queue: deque[Message] = deque()
        self.follow = follower(self.now)
        self.serve(self.follow.receive(LinkUp("c1"), self.now))

    def serve(self, effects: Effects) -> None:
        """Do what a supervisor does with what the console asks."""
        for intent in effects.intents:
            assert intent.verb == "keyframe"
            self.queue.extend(self.site.keyframe(intent.id, 200))

    def put(self, message: Message) -> None:
        self.serve(self.follow.receive(message, self.now))

    @rule(data=st.sampled_from(LIFE), run=st.sampled_from(["r1", "r2"]))
    def an_agent_reports(self, data: Data, run: str) -> None:
        self.queue.append(self.site.journal(self.site.write(data, "a", run)))

    @rule(text=st.text(max_size=8))
    def the_supervisor_writes(self, text: str) -> None:
        records = [
            self.site.write(AlarmRaised(alarm="x", kind="k", priority=2, text=text)),
            self.site.write(AgentBorn(incarnation="i", connection="c"), "a"),
            self.site.write(IntentRefused(intent="i", operator="op", verb="x", outcome="stale", reason="r")),
        ]
        self.queue.append(self.site.journal(*records))

    @rule(back=st.integers(1, 5))
    def an_old_batch_comes_again(self, back: int) -> None:
        self.queue.append(self.site.journal(*self.site.log[-back:]))

    @rule()
    def the_supervisor_renews(self) -> None:
        self.queue.append(self.site.state())

    @rule()
    def another_supervisor_takes_over(self) -> None:
        self.epochs += 1
        self.site.restart(self.epochs)
        self.queue.append(self.site.journal(self.site.log[-1]))

    @precondition(lambda self: self.queue)
    @rule(fate=st.sampled_from(["comes", "comes", "comes", "lost", "twice", "later"]))
    def next_message(self, fate: str) -> None:
        message = self.queue.popleft()
        if fate == "later":
            self.queue.append(message)
        elif fate != "lost":
            self.put(message)
            if fate == "twice":
                self.put(message)

    @precondition(lambda self: self.queue)
    @rule()
    def everything_comes(self) -> None:
        while self.queue:
            self.put(self.queue.popleft())

    @rule(seconds=st.sampled_from([0.3, 1.0, 12.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.serve(self.follow.tick(self.now))

    @rule()
    def the_link_breaks(self) -> None:
        self.queue.clear()
        self.follow.receive(LinkDown("cut"), self.now)
        self.serve(self.follow.receive(LinkUp("c"), self.now))

    @invariant()
    def the_fleet_is_the_log_s(self) -> None:
        fleet = self.follow.fleet
        assert encode(fleet) == self.site.bodies[fleet.pos]

    def teardown(self) -> None:
        if not hasattr(self, "site"):
            return
        for _ in range(20):
            self.everything_comes()
            self.put(self.site.state())
            self.time_passes(INTENT_REPEAT)
        # Nobody can know that the last message of a log was lost; the next one shows it.
        self.an_agent_reports(StepStarted(step=2), "r1")
        for _ in range(3):
            self.everything_comes()
            self.time_passes(INTENT_REPEAT)
        assert self.follow.joined
        assert encode(self.follow.fleet) == self.site.bodies[-1]


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_what_the_keyframe_holds_is_dropped_and_the_rest_is_applied() -> None:
    site, follow = Site(), follower()
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    early = site.write(RunStarted(), "a", "r")
    follow.receive(site.journal(early), 0.0)
    keyframe = site.keyframe(intent.id)
    late = site.write(StepStarted(step=1), "a", "r")
    follow.receive(site.journal(late), 0.0)
    effects = follow.receive(keyframe[0], 0.0)
    assert REPLACED in effects.changes
    assert LINK in effects.changes
    assert [applied.record.pos for applied in effects.applied] == [late.pos]
    assert effects.applied[0].event == bytes(late.event)
    assert encode(follow.fleet) == site.bodies[-1]


def test_the_request_says_who_asks_and_what_was_seen() -> None:
    site = Site()
    follow = joined(site)
    follow.receive(LinkDown("cut"), 1.0)
    (intent,) = follow.receive(LinkUp("c2"), 2.0).intents
    assert (intent.operator, intent.console, intent.pos, intent.epoch) == ("op", CONSOLE, 1, "epoch-1")
    assert not intent.watching
    (watching,) = follower(watching=True).receive(LinkUp("c"), 0.0).intents
    assert watching.watching


def test_a_request_is_repeated_until_answered_and_made_anew_when_it_is_old() -> None:
    follow, now = follower(), 0.0
    ids = [intent.id for intent in follow.receive(LinkUp("c"), now).intents]
    while now < INTENT_TIMEOUT + 2.5:
        wake = follow.wake_at()
        assert wake == now + INTENT_REPEAT
        assert follow.tick(wake - 0.01).intents == []
        now = wake
        ids += [intent.id for intent in follow.tick(now).intents]
    assert ids == ["intent-1"] * 10 + ["intent-2"] * 4


def test_a_slow_keyframe_is_waited_for_and_a_torn_one_asked_for_again() -> None:
    site, follow = Site(), follower()
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    messages = site.keyframe(intent.id, 20)
    now = 0.0
    for message in messages[:-2]:
        now += 0.9 * INTENT_REPEAT
        assert follow.receive(message, now).intents == []
        assert follow.tick(now).intents == []
    (again,) = follow.tick(now + INTENT_REPEAT).intents
    assert again.id != intent.id
    # What was on its way all the time still counts.
    for message in messages[-2:]:
        follow.receive(message, now + 1.1)
    assert follow.joined


def test_a_hole_means_to_ask_again_but_not_all_the_time() -> None:
    site = Site()
    follow = joined(site, now=10.0)
    site.write(RunStarted(), "a", "r")
    behind = site.write(StepStarted(step=1), "a", "r")
    effects = follow.receive(site.journal(behind), 10.2)
    assert LINK in effects.changes
    assert not follow.joined
    assert encode(follow.fleet) == site.bodies[1]
    assert effects.intents == []
    (intent,) = follow.tick(10.0 + INTENT_REPEAT).intents
    for message in site.keyframe(intent.id):
        follow.receive(message, 11.0)
    assert encode(follow.fleet) == site.bodies[-1]


def test_a_record_of_the_supervisor_that_cannot_be_means_to_ask_again() -> None:
    site = Site()
    follow = joined(site)
    nonsense = JournalRecord(pos=2, at=1, event=Raw(b'{"not":"an envelope"}'))
    assert LINK in follow.receive(site.journal(nonsense), 5.0).changes
    assert not follow.joined
    assert follow.status.refused == 1
    assert follow.status.problem.startswith("journal, position 2: ")


def test_what_is_not_a_message_is_counted_and_changes_nothing() -> None:
    site = Site()
    follow = joined(site)
    before = encode(follow.fleet)
    for number, (topic, payload) in enumerate(
        [
            (TOPICS.journal, b"["),
            (TOPICS.state, b"\xff"),
            (TOPICS.console(CONSOLE), b"{}"),
            (TOPICS.journal, b"[" * 2_000),
        ],
        1,
    ):
        follow.receive(Message(topic, payload), 1.0)
        assert follow.status.refused == number
    follow.receive(Message("watchfloor/v1/test/consoles/another", b"{}"), 1.0)
    assert follow.status.refused == 4
    assert follow.joined
    assert encode(follow.fleet) == before


def test_answers_are_passed_on_and_a_refused_keyframe_is_a_problem() -> None:
    follow = follower(pinned=None)
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    answer = Answer(intent="mine", outcome="approved", accepted=True)
    topic = TOPICS.console(CONSOLE)
    assert follow.receive(Message(topic, codec.encode(answer)), 0.0).answers == [answer]
    refusal = Answer(intent=intent.id, outcome="closed", accepted=False, text="no\x1b[2J")
    assert follow.receive(Message(topic, codec.encode(refusal)), 0.0).answers == []
    assert follow.status.problem == "the supervisor gives no keyframe: no\\x1b[2J"


def test_an_answer_counts_only_if_the_supervisor_we_follow_signed_it() -> None:
    site = Site()
    follow = joined(site)
    topic, refused = TOPICS.console(CONSOLE), follow.status.refused
    answer = Answer(intent="mine", epoch=site.epoch, outcome="approved", accepted=True)
    assert follow.receive(Message(topic, codec.encode(answer)), 1.0).answers == []
    assert follow.receive(Message(topic, PrivateKey.generate().sign(answer)), 1.0).answers == []
    assert follow.status.refused == refused + 2
    assert follow.status.problem.startswith("an answer is not signed by the pinned supervisor key")
    rival = Answer(intent="mine", epoch="rival", outcome="approved", accepted=True)
    assert follow.receive(Message(topic, KEY.sign(rival)), 1.0).answers == []
    (heard,) = follow.receive(Message(topic, KEY.sign(answer)), 1.0).answers
    assert (heard.epoch, heard.outcome) == (site.epoch, "approved")


def test_a_watching_console_says_now_and_then_that_it_is_still_there() -> None:
    site, follow = Site(), follower(watching=True)
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    follow.receive(site.state(ttl=1e6), 0.0)
    for message in site.keyframe(intent.id):
        follow.receive(message, 0.0)
    assert follow.wake_at() == WATCH_RENEW
    assert follow.tick(WATCH_RENEW - 1).intents == []
    (still,) = follow.tick(WATCH_RENEW).intents
    assert (still.verb, still.console, still.id != intent.id) == ("watch", CONSOLE, True)
    assert follow.wake_at() == 2 * WATCH_RENEW
    follow.receive(LinkDown("gone"), 2 * WATCH_RENEW)
    assert follow.tick(3 * WATCH_RENEW).intents == []


def test_a_keyframe_that_cannot_be_read_is_not_asked_for_again_at_once() -> None:
    follow = follower()
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    body = zstandard.compress(b"of another version")
    sealed = part(intent.id, 0, 1, body, 1, body)
    follow.receive(Message(TOPICS.console(CONSOLE), codec.encode(sealed)), 0.0)
    assert follow.status.problem.startswith("not a keyframe of this version")
    assert follow.wake_at() == INTENT_TIMEOUT
    (again,) = follow.tick(INTENT_TIMEOUT).intents
    assert again.id != intent.id


@pytest.mark.parametrize("further, older", [(1, "this console"), (-1, "the supervisor")])
def test_a_supervisor_of_another_reducer_is_one_clear_line_and_no_picture(further: int, older: str) -> None:
    """What this console's reducer made of the journal on top of that one's states might be wrong."""
    site, follow = Site(), follower()
    ours = state.REDUCER
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    follow.receive(site.state(), 0.0)
    site.fleet.reducer = ours + further
    (message,) = site.keyframe(intent.id)
    effects = follow.receive(message, 0.0)
    assert (follow.joined, follow.fleet.pos, LINK in effects.changes) == (False, 0, True)
    assert trouble(follow.status) == (
        f"the supervisor makes states of version {ours + further}, this console of version {ours}: upgrade {older}; "
        "until then nothing is shown here, because it might be wrong"
    )
    (again,) = follow.tick(INTENT_TIMEOUT).intents
    site.fleet.reducer = ours  # it was upgraded
    for one in site.keyframe(again.id):
        follow.receive(one, INTENT_TIMEOUT)
    assert (follow.joined, follow.status.misfit) == (True, "")


def test_what_nobody_asked_for_is_no_keyframe() -> None:
    site, follow = Site(), follower()
    follow.receive(LinkUp("c"), 0.0)
    for message in site.keyframe("another"):
        follow.receive(message, 0.0)
    assert not follow.joined


def part(
    intent: str = "i", i: int = 0, n: int = 1, body: bytes = b"", pos: int = 0, whole: bytes = b""
) -> KeyframePart:
    seal = keyframe_seal(KEY, "e", intent, pos, n, whole or body)
    data = base64.b64encode(body).decode()
    return KeyframePart(intent=intent, epoch="e", pos=pos, i=i, n=n, data=data, seal=seal)


def test_parts_come_in_any_order_and_of_two_keyframes_at_once() -> None:
    collected, fleet = KeyframeParts(), Fleet(site="x" * 400)
    body = zstandard.compress(encode(fleet))
    half = len(body) // 2
    assert collected.add(part("b", 1, 2, body[half:], 0, body)) is None
    assert collected.add(part("a", 1, 2, body[half:], 0, body)) is None
    assert collected.add(part("a", 0, 2, body[:half], 0, body)) == ("e", fleet)
    assert collected.add(part("b", 0, 2, body[:half], 0, body)) == ("e", fleet)


def problem(piece: KeyframePart) -> str:
    try:
        KeyframeParts().add(piece)
    except KeyframeError as error:
        return str(error)
    return ""


def test_a_keyframe_is_bounded_and_what_it_says() -> None:
    body = zstandard.compress(encode(Fleet()))
    assert problem(part(i=0, n=parts.PARTS + 1)).endswith(f"at most {parts.PARTS} are allowed")
    assert "part 3 of 2" in problem(part(i=3, n=2))
    assert "announced as 7" in problem(part(body=body, pos=7))
    assert "cannot be unpacked" in problem(part(body=b"not zstd"))
    assert "not a keyframe" in problem(part(body=zstandard.compress(b"nonsense")))
    assert "not a keyframe" in problem(part(body=zstandard.compress(encode(Fleet(site="x" * 99)))[:-9]))
    assert "not the one that was sealed" in problem(msgspec.structs.replace(part(body=body), data="???"))
    assert "not the one that was sealed" in problem(part(body=body, whole=body + b"more"))
    assert "without a seal" in problem(msgspec.structs.replace(part(body=body), seal=None))


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(parts.FLEET_BYTES + 1))
    assert problem(part(body=bomb)) == f"keyframe of more than {parts.FLEET_BYTES} bytes"


def journal_of(follow: Follower, site: Site, message: Message) -> list[int]:
    """Take a journal message; return the positions that were applied."""
    return [one.record.pos for one in follow.receive(message, 1.0).applied]


def test_a_forged_record_at_the_next_position_does_not_take_the_place_of_the_true_one() -> None:
    site = Site()
    follow = joined(site)
    genuine = site.write(RunStarted(goal="true"), "a", "r")
    event = bytes(genuine.event).replace(b"true", b"evil")
    forged = JournalRecord(pos=genuine.pos, at=genuine.at, event=Raw(event))
    attempts = [
        codec.encode(Journal(epoch=site.epoch, records=[forged])),
        sealed_journal(OTHER, site.epoch, [forged]),
        site.journal(genuine).payload.replace(b"true", b"evil"),
        sealed_journal(KEY, "another", [genuine]).replace(b'{"epoch":"another"', b'{"epoch":"epoch-1"', 1),
    ]
    for number, payload in enumerate(attempts, 1):
        assert journal_of(follow, site, Message(TOPICS.journal, payload)) == []
        assert follow.status.refused == number
        assert follow.joined
    assert f"not sealed by the pinned supervisor key {KEY.public.fingerprint}" in follow.status.problem
    assert journal_of(follow, site, site.journal(genuine)) == [genuine.pos]
    assert encode(follow.fleet) == encode(site.fleet)


def test_what_a_forger_says_while_a_keyframe_comes_is_not_kept() -> None:
    site, follow = Site(), follower()
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    (keyframe,) = site.keyframe(intent.id)
    genuine = site.write(RunStarted(goal="true"), "a", "r")
    event = bytes(genuine.event).replace(b"true", b"evil")
    forged = JournalRecord(pos=genuine.pos, at=genuine.at, event=Raw(event))
    follow.receive(Message(TOPICS.journal, sealed_journal(OTHER, site.epoch, [forged])), 0.0)
    follow.receive(site.journal(genuine), 0.0)
    follow.receive(keyframe, 0.0)
    assert encode(follow.fleet) == encode(site.fleet)


def test_a_forged_keyframe_is_refused_and_another_asked_for() -> None:
    site, follow = Site(), follower()
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    (genuine,) = site.keyframe(intent.id)
    other = zstandard.compress(encode(Fleet(site="test", pos=1)))
    unsealed = json.loads(genuine.payload) | {"data": base64.b64encode(other).decode()}
    swapped = msgspec.json.encode(unsealed)
    del unsealed["seal"]
    topic = TOPICS.console(CONSOLE)
    follow.receive(Message(topic, msgspec.json.encode(unsealed)), 0.0)
    assert "a keyframe part is not sealed by the pinned supervisor key" in follow.status.problem
    follow.receive(Message(topic, swapped), 0.0)
    assert follow.status.problem == "a keyframe is not the one that was sealed"
    assert (follow.joined, follow.status.refused) == (False, 2)
    (again,) = follow.tick(INTENT_REPEAT).intents
    assert again.id != intent.id
    follow.receive(site.keyframe(again.id)[0], INTENT_REPEAT)
    assert follow.joined


def test_before_there_is_a_key_nothing_is_believed_or_refused() -> None:
    site, follow = Site(), follower(pinned=None)
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    follow.receive(site.keyframe(intent.id)[0], 0.0)
    follow.receive(site.journal(site.write(RunStarted(), "a", "r")), 0.0)
    assert (follow.joined, follow.status.refused) == (False, 0)
    follow.receive(site.state(), 0.0)
    (again,) = follow.tick(INTENT_REPEAT).intents
    follow.receive(site.keyframe(again.id)[0], INTENT_REPEAT)
    assert follow.joined


def test_a_state_of_an_earlier_era_is_no_news() -> None:
    site, follow = Site(), follower()
    follow.receive(LinkUp("c"), 0.0)
    old = site.state(epoch="old", era=1, lease=99)
    follow.receive(site.state(era=2), 0.0)
    follow.tick(LEASE_TTL)
    follow.receive(old, LEASE_TTL)
    assert (follow.status.epoch, life(follow)) == (site.epoch, "lost")
    # The same supervisor in a later era has outlived another one, which is believed no more.
    follow.receive(site.state(epoch="between", era=3), 20.0)
    follow.receive(site.state(era=4), 21.0)
    assert follow.status.epoch == site.epoch


def life(follow: Follower) -> str:
    return follow.status.supervisor


# ---- the supervisor's life -------------------------------------------------------------------------------------------


def test_a_retained_state_never_renews_and_silence_means_lost() -> None:
    site, follow = Site(), follower()
    follow.receive(LinkUp("c"), 0.0)
    site.lease = 7
    follow.receive(site.state(retained=True), 0.0)
    assert (follow.status.supervisor, follow.status.epoch) == ("unknown", "epoch-1")
    follow.tick(LEASE_TTL - 0.1)
    follow.receive(site.state(retained=True), LEASE_TTL - 0.1)
    assert LINK in follow.tick(LEASE_TTL).changes
    assert (follow.status.supervisor, follow.status.supervisor_since) == ("lost", LEASE_TTL)
    follow.receive(site.state(), 20.0)
    assert (follow.status.supervisor, follow.status.supervisor_since) == ("up", 20.0)
    old = site.state()
    follow.receive(old, 21.0)
    follow.receive(old, 25.0)
    follow.tick(21.0 + LEASE_TTL)
    assert life(follow) == "lost"


def test_an_answered_request_proves_life() -> None:
    site, follow = Site(), follower()
    (intent,) = follow.receive(LinkUp("c"), 0.0).intents
    follow.receive(site.state(retained=True), 0.0)
    assert life(follow) == "unknown"
    follow.receive(site.keyframe(intent.id)[0], 1.0)
    assert life(follow) == "up"


def test_stopped_and_lost_by_its_own_word() -> None:
    site = Site()
    follow = joined(site)
    follow.receive(site.state(retained=True, status="lost", lease=0), 1.0)
    assert life(follow) == "lost"
    follow.receive(site.state(), 2.0)
    assert life(follow) == "up"
    follow.receive(site.state(status="stopped"), 3.0)
    assert life(follow) == "stopped"
    follow.tick(100.0)
    assert life(follow) == "stopped"


def test_the_old_supervisor_s_last_words_change_nothing() -> None:
    site = Site()
    follow = joined(site)
    will = site.state(status="lost", retained=True)
    stale = site.journal(site.write(RunStarted(), "a", "r"))
    site.restart(2)
    (intent,) = follow.receive(site.state(), 5.0).intents
    assert not follow.status.joined
    for message in site.keyframe(intent.id):
        follow.receive(message, 5.0)
    assert follow.receive(will, 5.1).changes == []
    assert follow.receive(stale, 5.2).changes == []
    assert follow.joined
    assert life(follow) == "up"
    assert follow.epoch == follow.status.epoch == "epoch-2"


def test_a_forged_state_is_refused_with_the_key_seen_first() -> None:
    site = Site()
    follow = joined(site, pinned=None)
    follow.receive(site.state(key=OTHER, epoch="forged"), 1.0)
    assert follow.status.epoch == "epoch-1"
    assert follow.status.refused == 1
    assert KEY.public.fingerprint in follow.status.problem
    assert not follow.status.pinned


def test_a_pinned_key_is_the_only_one() -> None:
    site, follow = Site(), follower(pinned=OTHER.public)
    follow.receive(LinkUp("c"), 0.0)
    follow.receive(site.state(), 0.0)
    assert (follow.status.supervisor, follow.status.epoch, follow.status.pinned) == ("unknown", "", True)
    follow.receive(site.state(key=OTHER), 0.0)
    assert life(follow) == "up"


def test_a_state_without_key_or_signature_is_refused() -> None:
    site, follow = Site(), follower(pinned=None)
    follow.receive(LinkUp("c"), 0.0)
    follow.receive(site.state(public_key=""), 0.0)
    assert follow.status.problem == "supervisor/state carries no public key"
    unsigned = SupervisorState(status="up", epoch="e", instance="i", lease=1, public_key=KEY.public.line)
    follow.receive(Message(TOPICS.state, codec.encode(unsigned)), 0.0)
    assert "not signed by the supervisor key seen first" in follow.status.problem
    assert follow.status.refused == 2


def test_a_key_that_only_a_kept_state_showed_gives_way_to_one_that_lives() -> None:
    site, follow = Site(), follower(pinned=None)
    follow.receive(LinkUp("c"), 0.0)
    follow.receive(site.state(retained=True, status="stopped"), 0.0)
    assert (life(follow), follow.status.key) == ("stopped", KEY.public.fingerprint)
    follow.receive(site.state(key=OTHER, epoch="e2", retained=True), 0.5)
    assert follow.status.key == KEY.public.fingerprint
    follow.receive(site.state(key=OTHER, epoch="e2"), 1.0)
    assert (life(follow), follow.status.key) == ("up", OTHER.public.fingerprint)
    follow.receive(site.state(status="stopped"), 2.0)
    assert (life(follow), follow.status.other) == ("up", "")


def test_a_key_of_a_kept_state_is_not_given_up_before_its_lease_is_over() -> None:
    site, follow = Site(), follower(pinned=None)
    follow.receive(LinkUp("c"), 0.0)
    follow.receive(site.state(retained=True), 0.0)
    follow.receive(site.state(key=OTHER, epoch="e2"), 1.0)
    assert (follow.status.key, follow.status.other) == (KEY.public.fingerprint, OTHER.public.fingerprint)
    follow.tick(LEASE_TTL)
    follow.receive(site.state(key=OTHER, epoch="e2"), LEASE_TTL + 1)
    assert (life(follow), follow.status.key) == ("up", OTHER.public.fingerprint)


def test_a_key_that_a_living_supervisor_used_is_kept_and_the_other_one_is_named() -> None:
    site = Site()
    follow = joined(site)
    follow.receive(site.state(status="stopped"), 1.0)
    follow.receive(site.state(key=OTHER, epoch="e2"), 2.0)
    assert (life(follow), follow.status.key) == ("stopped", KEY.public.fingerprint)
    assert follow.status.other == OTHER.public.fingerprint
    assert OTHER.public.fingerprint in trouble(follow.status)
    follow.tick(2.0 + LEASE_TTL)
    assert follow.status.other == ""
    assert trouble(follow.status).startswith("the supervisor is stopped")


def test_a_pinned_key_is_never_given_up() -> None:
    site, follow = Site(), follower(pinned=KEY.public)
    follow.receive(LinkUp("c"), 0.0)
    follow.receive(site.state(retained=True, status="stopped"), 0.0)
    follow.receive(site.state(key=OTHER, epoch="e2"), 1.0)
    assert (life(follow), follow.status.key) == ("stopped", KEY.public.fingerprint)
    assert OTHER.public.fingerprint in trouble(follow.status)
    forged = site.state(key=OTHER, epoch="e2", public_key=PrivateKey.generate().public.line)
    follow.tick(1.0 + LEASE_TTL)
    follow.receive(forged, 20.0)
    assert follow.status.other == ""


def test_what_the_state_says_is_shown() -> None:
    site = Site()
    follow = joined(site)
    effects = follow.receive(site.state(recording="failing", conflict=True, window=99), 1.0)
    assert effects.changes == [LINK]
    status = follow.status
    assert (status.recording, status.conflict, status.window) == ("failing", True, 99)


def test_without_the_bus_nothing_is_known() -> None:
    site = Site()
    follow = joined(site)
    effects = follow.receive(LinkDown("refused\x07"), 9.0)
    assert effects.changes == [LINK]
    status = follow.status
    assert (status.bus, status.bus_since, status.bus_reason) == ("down", 9.0, "refused\\x07")
    assert (status.supervisor, status.joined) == ("unknown", False)
    assert follow.wake_at() is None
    assert decode(encode(follow.fleet)) == site.fleet
    follow.receive(LinkDown("again"), 10.0)
    assert follow.status.bus_since == 9.0


def test_an_intent_survives_the_codec() -> None:
    (intent,) = follower().receive(LinkUp("c"), 0.0).intents
    assert codec.decode(codec.encode(intent), Intent) == intent
