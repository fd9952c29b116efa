"""Messages survive a round trip and are validated in the parent by types with the same fields."""

from dataclasses import fields, is_dataclass
from math import isfinite

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.processes import answers
from harness.record import schema
from harness.worker.wire import evidence, fork, messages
from harness.worker.wire.messages import decode_order, encode

# What is sent. Anything may be in a name, and in numbers that are allowed not to be finite.

names = st.text(st.characters(), max_size=5)
finite = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**63 - 1)
counted = st.integers(0, 2**63 - 1)
of_words = st.dictionaries(names, names, max_size=3)
of_finite = st.dictionaries(names, finite, max_size=3)
of_numbers = st.dictionaries(names, st.none() | st.floats(), max_size=3)
anything = st.recursive(
    st.none() | st.booleans() | whole | st.floats() | names,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def maybe(values):
    return st.none() | values


causes = st.builds(evidence.Cause, kind=names, text=names, advice=maybe(names))
known = st.fixed_dictionaries(
    {},
    optional={
        evidence.TRACES: st.lists(
            st.builds(evidence.Trace, names, names, seconds=maybe(finite), cause=maybe(causes), phase=maybe(names)),
            max_size=2,
        ),
        evidence.COMPILATIONS: st.lists(
            st.builds(evidence.Compilation, names, names, finite, recompiled=st.booleans(), compiler=names), max_size=2
        ),
        evidence.PHASES: st.lists(
            st.builds(evidence.PhaseUse, names, counted, finite, finite, peak_rss_bytes=maybe(counted)), max_size=2
        ),
        evidence.MEMORY: st.builds(evidence.MemoryUse, maybe(counted), maybe(counted), maybe(counted)),
        evidence.OPERATIONS: st.builds(
            evidence.OperationsUse,
            st.lists(st.builds(evidence.OperationUse, names, names, counted, finite), max_size=2),
            finite,
        ),
    },
)
others = st.dictionaries(names.map("own ".__add__), anything, max_size=2)
epochs = st.builds(
    messages.Epoch,
    index=counted,
    kind=names,
    wall=st.floats(0, exclude_min=True, allow_infinity=False),
    cpu=finite,
    losses=of_numbers,
    first=st.booleans(),
    sizes=of_finite,
    evidence=st.builds(lambda one, other: one | other, known, others),
)
segments = st.builds(messages.Segment, names, counted, counted, sizes=maybe(of_finite))
descriptions = st.builds(
    messages.Description, seekable=st.booleans(), segments=st.lists(segments, max_size=3), evaluates=st.booleans()
)
states = st.builds(messages.State, of_words, of_words, of_words)
SENT = {
    messages.Built: st.builds(messages.Built, descriptions, of_words, states),
    messages.Ran: st.builds(
        messages.Ran, st.lists(epochs, max_size=3), maybe(st.builds(messages.Idle, finite, finite)), finite
    ),
    messages.Stated: st.builds(messages.Stated, maybe(of_numbers)),
    messages.Counted: st.builds(
        messages.Counted,
        of_finite,
        maybe(names),
        maybe(finite),
        st.dictionaries(names, of_finite, max_size=2),
        maybe(st.builds(evidence.Variables, counted, counted)),
        sources=st.dictionaries(names, st.dictionaries(counted, names, max_size=2), max_size=2),
    ),
    messages.Evaluated: st.builds(messages.Evaluated, of_numbers),
    messages.Finished: st.builds(messages.Finished, maybe(counted), maybe(counted), states),
    messages.Failed: st.builds(
        messages.Failed, names, names, st.lists(epochs, max_size=2), maybe(counted), maybe(counted), maybe(states)
    ),
}
decoder = msgspec.json.Decoder(answers.Answer)


def plain(value):
    """The fields of a value, as far as JSON and Unicode can represent them."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {plain(name): plain(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [plain(own) for own in value]
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return None if isinstance(value, float) and not isfinite(value) else value


# Answers


def test_the_parent_knows_every_reply_by_name_and_fields():
    own = {one.__name__: one for one in answers.Answer.__args__}
    wire_types = {one.__name__: one for one in messages.Answer.__args__}
    assert own.keys() == wire_types.keys() == {one.__name__ for one in SENT}
    pairs = [(own[name], wire_types[name]) for name in own]
    for checked, sent in [*pairs, (answers.State, messages.State), (schema.Epoch, messages.Epoch)]:
        assert list(checked.__struct_fields__) == [one.name for one in fields(sent)], sent


@pytest.mark.parametrize("kind", SENT, ids=[one.__name__ for one in SENT])
@given(data=st.data())
def test_a_reply_survives_a_round_trip(kind, data):
    sent = data.draw(SENT[kind])
    received = decoder.decode(encode(sent))
    assert type(received).__name__ == kind.__name__
    assert plain(received) == plain(sent)


@given(sent=epochs)
def test_known_evidence_is_typed_again(sent):
    (received,) = decoder.decode(encode(messages.Ran([sent]))).epochs
    for name, value in received.evidence.items():
        was = sent.evidence.get(name)
        if isinstance(was, list) and name in (evidence.TRACES, evidence.COMPILATIONS, evidence.PHASES):
            assert [type(one) for one in value] == [type(one) for one in was]
        elif name in (evidence.MEMORY, evidence.OPERATIONS):
            assert type(value) is type(was)


def test_empty_fields_of_an_epoch_are_not_sent():
    bare = messages.Epoch(index=3, kind="full", wall=0.5, cpu=0.25, losses={"loss": 1.0})
    assert msgspec.json.decode(encode(messages.Ran([bare])))["epochs"] == [
        {"index": 3, "kind": "full", "wall": 0.5, "cpu": 0.25, "losses": {"loss": 1.0}}
    ]


@pytest.mark.parametrize(
    "epoch",
    [
        {"wall": 0.0},
        {"wall": "long"},
        {"index": 1.5},
        {"losses": {"loss": "low"}},
        {"sizes": {"points": None}},
        *({"evidence": {name: "seen"}} for name in (evidence.TRACES, evidence.MEMORY, evidence.OPERATIONS)),
        {"evidence": {evidence.TRACES: ["seen"]}},
        {"evidence": {evidence.PHASES: [["", 1]]}},
        {"evidence": {evidence.MEMORY: None}},
        {"evidence": {evidence.OPERATIONS: {"uses": []}}},
    ],
)
def test_rejects_an_invalid_reply(epoch):
    usual = {"index": 0, "kind": "full", "wall": 0.5, "cpu": 0.5, "losses": {}}
    assert decoder.decode(msgspec.json.encode({"type": "Ran", "epochs": [usual]}))
    with pytest.raises(msgspec.DecodeError, match=r"\$\.epochs\[0\]"):
        decoder.decode(msgspec.json.encode({"type": "Ran", "epochs": [usual | epoch]}))


def test_does_not_send_what_is_not_a_message():
    with pytest.raises(TypeError, match="set is not a message or part of one"):
        encode(
            messages.Ran([messages.Epoch(index=0, kind="full", wall=0.5, cpu=0.5, losses={}, evidence={"own": {1, 2}})])
        )
    with pytest.raises(TypeError, match="str is not a message or part of one"):
        encode("words")


# Orders

words = st.text(max_size=5)  # from the parent, which has no others
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
ORDERS = {
    messages.Build: st.builds(
        messages.Build,
        variant=words,
        case=maybe(words),
        scale=maybe(words),
        seed=counted,
        cores=st.lists(counted, max_size=3),
        journal=words,
        settings=st.dictionaries(words, json_values, max_size=3),
        slowdown=finite,
        allow_nonfinite=st.booleans(),
        whole=st.booleans(),
        epochs=maybe(counted),
        exact_memory=st.booleans(),
        notes_phases=st.booleans(),
        source=maybe(st.builds(messages.Source, words, words, maybe(words))),
        preload=st.lists(words, max_size=2),
    ),
    messages.Run: st.builds(
        messages.Run,
        indices=st.lists(counted, max_size=3),
        note_calls=st.booleans(),
        watch=maybe(words),
        timeline=maybe(words),
        least=counted,
        seconds=maybe(finite),
    ),
    messages.StateObjective: st.builds(messages.StateObjective),
    messages.CountWork: st.builds(messages.CountWork, rate=st.booleans()),
    messages.Evaluate: st.builds(messages.Evaluate, epochs=counted, metric=maybe(words)),
    messages.Finish: st.builds(messages.Finish),
}


def test_every_request_is_tested_here():
    assert set(ORDERS) == set(messages.Order.__args__)


@pytest.mark.parametrize("kind", ORDERS, ids=[one.__name__ for one in ORDERS])
@given(data=st.data())
def test_a_request_survives_a_round_trip(kind, data):
    order = data.draw(ORDERS[kind])
    received = decode_order(encode(order))
    assert (type(received), received) == (kind, order)


# The fork server's

REQUESTS = [fork.Prepare(["json", "a.b"], [0, 1], 7), fork.Fork("/tmp/scratch"), fork.Reap(9)]
REPLIES = [fork.Ready(), fork.Forked(9), fork.Reaped(-9), fork.Broken("could not import a.b: \udc80")]


def test_fork_server_messages_survive_a_round_trip():
    assert {type(one) for one in REQUESTS} == set(fork.Request.__args__)
    assert {type(one) for one in REPLIES} == set(fork.Reply.__args__)
    assert [fork.decode_request(encode(one)) for one in REQUESTS] == REQUESTS
    replies = [fork.decode_reply(encode(one)) for one in REPLIES]
    assert replies == [*REPLIES[:3], fork.Broken("could not import a.b: ?")]
