"""The kernel: waits, timers with retransmission, collisions, rejects, isolation."""

from __future__ import annotations

import msgspec
import pytest

from freehold.procedure import (
    Collision,
    Count,
    Emit,
    Expire,
    Kept,
    Now,
    Random,
    Record,
    Signal,
    exchange,
    expect,
    procedure,
    send,
)
from freehold.procedure.conversation import PAST
from freehold.spec import counters
from freehold.spec.errors import Aborted, Bug, PeerError, Reject, TimerExpired
from freehold.spec.events import Event

from .world import Line, World


class Question(msgspec.Struct, frozen=True):
    number: int = 0


class Answer(msgspec.Struct, frozen=True):
    number: int = 0


class Refusal(msgspec.Struct, frozen=True):
    number: int = 0


@pytest.fixture
def world() -> World:
    return World()


async def refuse(reject: Reject, line: Line, *_: object) -> None:
    await send(line, ("reject", reject.cause))


async def cleanup(error: Exception, line: Line, *_: object) -> None:
    await send(line, ("failure", type(error).__name__))


@procedure(spec="TS 24.501 5.4.1", on_reject=refuse, on_failure=cleanup)
async def question(line: Line) -> int:
    reply = await exchange(line, Question(), Answer, Refusal, timer="T3560")
    if isinstance(reply, Refusal):
        raise Reject(3, "refused")
    return reply.number


def test_when_the_answer_comes_then_the_procedure_ends_with_it(world: World):
    line, conversation = Line(), world.driver.converse("ue")
    result = conversation.perform(question(line))
    assert line.sent == [Question()]
    assert conversation.running == ("question",)
    assert conversation.deliver(Answer(7))
    assert conversation.running == ()
    assert result.settled
    assert (counters.PROCEDURE_ENDED, "question ended") in world.counts
    assert len(world.queue) == 0


def test_when_a_message_is_not_waited_for_then_it_is_not_taken(world: World):
    line, conversation = Line(), world.driver.converse("ue")
    assert not conversation.deliver(Answer())
    conversation.start(question(line))
    assert not conversation.deliver(Question())
    assert conversation.running == ("question",)


def test_when_no_answer_comes_then_the_message_is_sent_again_four_times_and_the_procedure_fails(world: World):
    line, conversation = Line(), world.driver.converse("ue")
    conversation.start(question(line))
    world.until(9.9)
    assert line.sent == [Question()] * 5
    world.until(10.0)
    assert line.sent[5:] == [("failure", "TimerExpired")]
    assert world.counts.count((counters.RETRANSMISSION, "T3560")) == 4
    assert world.counts.count((counters.EXPIRED, "T3560")) == 1
    assert conversation.running == ()


def test_when_the_procedure_rejects_then_its_handler_sends_the_reject_once(world: World):
    line, conversation = Line(), world.driver.converse("ue")
    conversation.start(question(line))
    conversation.deliver(Refusal())
    assert line.sent == [Question(), ("reject", 3)]
    assert (counters.PROCEDURE_ENDED, "question reject") in world.counts


def test_when_our_code_breaks_then_only_this_context_is_given_up(world: World):
    given_up: list[str] = []

    @procedure(spec="TS 1")
    async def broken() -> None:
        await expect(Answer)
        raise ZeroDivisionError

    one = world.driver.converse("one", lambda: given_up.append("one"))
    other = world.driver.converse("other", lambda: given_up.append("other"))
    line = Line()
    other.start(question(line))
    one.start(broken())
    one.deliver(Answer())
    assert given_up == ["one"]
    assert [event.name for event in world.events] == ["bug"]
    assert "ZeroDivisionError" in world.events[0].text
    assert other.deliver(Answer())


@pytest.mark.parametrize(
    ("rule", "sent", "running"),
    [
        (Collision.PARALLEL, [Question(), Question()], ("question", "question")),
        (Collision.DROP, [Question()], ("question",)),
        (Collision.ABORT, [Question(), ("failure", "Aborted"), Question()], ("question",)),
        (Collision.QUEUE, [Question()], ("question",)),
    ],
)
def test_when_procedures_collide_then_the_table_decides(
    world: World, rule: Collision, sent: list[object], running: tuple[str, ...]
):
    line, conversation = Line(), world.driver.converse("ue")
    colliding = procedure(spec="TS 1", on_failure=cleanup, collides={"question": rule})(question.body)
    conversation.start(colliding(line))
    conversation.start(colliding(line))
    assert line.sent == sent
    assert conversation.running == running


def test_when_a_procedure_was_queued_then_it_starts_at_the_end_of_the_running_one(world: World):
    line, conversation = Line(), world.driver.converse("ue")
    colliding = procedure(spec="TS 1", collides={"question": Collision.QUEUE})(question.body)
    conversation.start(colliding(line))
    second = conversation.perform(question(line))
    conversation.deliver(Answer(1))
    assert line.sent == [Question(), Question()]
    conversation.deliver(Answer(2))
    assert second.settled


def test_when_a_collision_rule_looks_at_the_arguments_then_it_decides(world: World):
    first, second = Line(), Line()
    conversation = world.driver.converse("ue")
    same = procedure(
        spec="TS 1",
        collides={
            "question": lambda old, new: Collision.DROP if old.arguments == new.arguments else Collision.PARALLEL
        },
    )(question.body)
    assert conversation.start(same(first))
    assert not conversation.start(same(first))
    assert conversation.start(same(second))


def test_when_a_dropped_procedure_was_performed_then_its_signal_fails(world: World):
    line, conversation = Line(), world.driver.converse("ue")
    conversation.start(procedure(spec="TS 1", collides={"question": Collision.DROP})(question.body)(line))
    caught: list[Exception] = []

    @procedure(spec="TS 1")
    async def outer() -> None:
        try:
            await conversation.perform(question(line))
        except Aborted as error:
            caught.append(error)

    world.driver.converse("other").start(outer())
    assert len(caught) == 1


def test_when_a_message_comes_before_its_wait_then_a_procedure_that_keeps_it_gets_it_later(world: World):
    order: list[int] = []

    @procedure(spec="TS 1", keeps=(Answer,))
    async def patient() -> None:
        await expect(Refusal)
        order.append((await expect(Answer)).number)

    conversation = world.driver.converse("ue")
    conversation.start(patient())
    assert conversation.deliver(Answer(5))
    assert order == []
    conversation.deliver(Refusal())
    assert order == [5]


def test_when_messages_were_kept_then_all_of_a_type_are_there_without_a_wait_and_no_peer_fills_the_memory(world: World):
    order: list[list[Answer]] = []

    @procedure(spec="TS 1", keeps=(Answer,))
    async def patient() -> None:
        await expect(Refusal)
        order.extend((await Kept(Answer), await Kept(Answer)))

    conversation = world.driver.converse("ue")
    conversation.start(patient())
    assert [conversation.deliver(Answer(number)) for number in range(34)] == [True] * 32 + [False] * 2
    conversation.deliver(Refusal())
    assert order == [[Answer(number) for number in range(32)], []]


def test_when_a_wait_has_a_condition_then_other_messages_pass_by(world: World):
    @procedure(spec="TS 1")
    async def picky() -> None:
        await expect(Answer, where=lambda answer: answer.number == 2)

    conversation = world.driver.converse("ue")
    conversation.start(picky())
    assert not conversation.deliver(Answer(1))
    assert conversation.deliver(Answer(2))


def test_when_a_procedure_awaits_another_then_it_gets_its_result_and_its_reject(world: World):
    results: list[object] = []

    @procedure(spec="TS 1", on_reject=refuse)
    async def outer(line: Line) -> None:
        results.append(await question(line))
        await question(line)

    line, conversation = Line(), world.driver.converse("ue")
    conversation.start(outer(line))
    conversation.deliver(Answer(3))
    conversation.deliver(Refusal())
    assert results == [3]
    assert line.sent == [Question(), Question(), ("reject", 3)]


def test_when_immediate_effects_are_awaited_then_the_environment_answers(world: World):
    seen: list[object] = []

    @procedure(spec="TS 1")
    async def immediate() -> None:
        seen.append(await Random(2))
        await Expire(1.5)
        seen.append(await Now())
        await Count("things", "label")
        await Emit(Event("told", "words"))

    world.driver.converse("ue").start(immediate())
    assert seen == [b"\x5a\x5a"]
    world.until(2)
    assert seen == [b"\x5a\x5a", 1.5]
    assert ("things", "label") in world.counts
    assert [event.name for event in world.events] == ["told"]


def test_when_a_signal_is_set_twice_then_the_first_value_counts(world: World):
    signal: Signal[int] = Signal()
    got: list[int] = []

    @procedure(spec="TS 1")
    async def waiter() -> None:
        got.append(await signal)

    world.driver.converse("a").start(waiter())
    signal.set(1)
    signal.set(2)
    signal.fail(PeerError("late"))
    world.driver.converse("b").start(waiter())
    assert got == [1, 1]


def test_when_a_signal_fails_then_the_waiting_place_raises(world: World):
    signal: Signal[int] = Signal()
    line, conversation = Line(), world.driver.converse("ue")

    @procedure(spec="TS 1", on_failure=cleanup)
    async def waiter(line: Line) -> None:
        await signal

    conversation.start(waiter(line))
    signal.fail(PeerError("no"))
    assert line.sent == [("failure", "PeerError")]


def test_when_a_signal_is_set_after_its_waiter_was_aborted_then_nothing_happens(world: World):
    signal: Signal[int] = Signal()
    line, conversation = Line(), world.driver.converse("ue")

    @procedure(spec="TS 1", on_failure=cleanup)
    async def waiter(line: Line) -> None:
        await signal

    conversation.start(waiter(line))
    conversation.abort("gone")
    signal.set(1)
    assert line.sent == [("failure", "Aborted")]
    assert world.events == []


def test_when_a_conversation_is_aborted_then_queued_procedures_are_forgotten_and_one_may_stay(world: World):
    line, conversation = Line(), world.driver.converse("ue")
    kept = procedure(spec="TS 1", collides={"question": Collision.QUEUE})(question.body)
    conversation.start(kept(line))
    conversation.start(question(line))
    conversation.abort("lost", but=kept)
    assert conversation.running == ("question",)
    conversation.deliver(Answer())
    assert conversation.running == ()
    assert conversation.find(question) is None


def test_when_a_procedure_aborts_its_own_conversation_then_it_ends_at_its_next_wait(world: World):
    line, conversation = Line(), world.driver.converse("ue")

    @procedure(spec="TS 1", on_failure=cleanup)
    async def suicidal(line: Line) -> None:
        conversation.abort("enough")
        await send(line, "still here")
        await expect(Answer)

    conversation.start(suicidal(line))
    assert line.sent == ["still here", ("failure", "Aborted")]


def test_when_a_procedure_catches_its_expiry_then_it_goes_on(world: World):
    seen: list[str] = []

    @procedure(spec="TS 1")
    async def tolerant() -> None:
        try:
            await expect(Answer, timer=3.0)
        except TimerExpired as expired:
            seen.append(expired.timer)

    world.driver.converse("ue").start(tolerant())
    world.until(3.0)
    assert seen == ["3.0"]


def test_when_somebody_watches_then_beginnings_are_recorded(world: World):
    records: list[Record] = []
    stop = world.tap.listen(records.append)

    @procedure(spec="TS 23.502 4.2.2")
    async def outer(line: Line) -> None:
        await question(line)

    conversation = world.driver.converse("ue-1")
    conversation.start(outer(Line()))
    stop()
    conversation.deliver(Answer())
    assert [(record.name, record.clause, record.subject) for record in records] == [
        ("outer", "TS 23.502 4.2.2", "ue-1"),
        ("question", "TS 24.501 5.4.1", "ue-1"),
    ]
    assert not world.tap.active


def test_when_a_signal_is_watched_then_the_watcher_is_called_once_it_is_settled():
    early: Signal[int] = Signal()
    late: Signal[int] = Signal()
    seen: list[int] = []
    early.set(1)
    early.watch(lambda signal: seen.append(signal.result()))
    late.watch(lambda signal: seen.append(signal.result()))
    late.set(2)
    assert seen == [1, 2]


def test_when_a_signal_is_read_too_early_or_failed_then_it_raises():
    signal: Signal[int] = Signal()
    with pytest.raises(Bug):
        signal.result()
    signal.fail(PeerError("no"))
    with pytest.raises(PeerError):
        signal.result()


def test_when_procedures_end_then_the_conversation_remembers_the_last_ones(world: World) -> None:
    conversation, line = world.driver.converse("UE 1"), Line()
    conversation.start(question(line))
    world.until(1.5)
    conversation.deliver(Answer(4))
    conversation.start(question(line))
    conversation.deliver(Refusal())
    first, second = conversation.past
    assert (first.name, first.spec, first.began, first.seconds, first.outcome) == (
        "question",
        "TS 24.501 5.4.1",
        0,
        1.5,
        "ended",
    )
    assert (second.outcome, second.why) == ("reject", "refused")
    for _ in range(3 * PAST):
        conversation.start(question(line))
        conversation.deliver(Answer())
    assert len(conversation.past) == PAST


def test_when_a_timer_expires_then_the_ladder_shows_it(world: World) -> None:
    shown: list[Record] = []
    world.tap.listen(shown.append)
    world.driver.converse("UE 1").start(question(Line()))
    world.until(60.0)
    timers = [(record.time, record.name) for record in shown if record.interface == "timer"]
    assert timers[:2] == [(2.0, "T3560 expired: sent again"), (4.0, "T3560 expired: sent again")]
    assert timers[-1][1] == "T3560 expired"
    assert all(record.subject == "UE 1" for record in shown)
