"""Messages that Google's library has written, read without it."""

import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.compiler.xla import xla_data_pb2
from tensorflow.compiler.xla.service import hlo_pb2
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from harness.worker.probes.jax import messages
from harness.worker.probes.protobuf import BYTES, INTEGER, TEXT, Message

WHOLE = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(st.text(), WHOLE, st.lists(WHOLE), st.binary())))
def test_reads_what_the_library_writes(instructions):
    module = hlo_pb2.HloModuleProto(name="jit_step", id=7)
    computation = module.computations.add(name="main", id=3)
    for name, number, operands, _ in instructions:
        step = computation.instructions.add(name=name, id=number, operand_ids=operands, opcode="dot")
        step.shape.dimensions.extend(operands)
    read = messages.PROGRAM.read(hlo_pb2.HloProto(hlo_module=module).SerializeToString()).hlo_module
    assert (read.name, read.id, len(read.computations)) == ("jit_step", 7, 1)
    (own,) = read.computations
    assert [(one.name, one.id, one.operand_ids, one.shape.dimensions) for one in own.instructions] == [
        (name, number, operands, operands) if operands else (name, number, [], [])
        for name, number, operands, _ in instructions
    ]


@given(st.dictionaries(WHOLE, st.text()), st.binary(min_size=1), st.integers(0, 2**63 - 1))
def test_reads_maps_bytes_and_references(names, data, reference):
    space = xplane_pb2.XSpace()
    plane = space.planes.add(name="/host:metadata")
    for number, name in names.items():
        plane.event_metadata[number].name = name
        plane.event_metadata[number].stats.add(metadata_id=1, bytes_value=data)
        plane.event_metadata[number].stats.add(metadata_id=2, ref_value=reference)
    (read,) = messages.SPACE.read(space.SerializeToString()).planes
    assert {number: one.name for number, one in read.event_metadata.items()} == names
    for one in read.event_metadata.values():
        assert [(stat.bytes_value, stat.ref_value) for stat in one.stats] == [(data, 0), (b"", reference)]


@given(st.floats(), st.binary())
def test_skips_what_it_does_not_know(number, data):
    option = descriptor_pb2.UninterpretedOption(double_value=number, identifier_value="x", string_value=data)
    read = Message({"string_value": (7, BYTES)}).read(option.SerializeToString())
    assert vars(read) == {"string_value": data}


@given(st.binary(max_size=40))
def test_anything_else_is_a_value_error(data):
    message = Message({"text": (1, TEXT), "number": (2, INTEGER), "inner": (3, Message({"text": (1, TEXT)}))})
    try:
        message.read(data)
    except ValueError:
        return


def test_a_message_that_is_cut_off_is_an_error():
    data = xplane_pb2.XEventMetadata(name="an event").SerializeToString()
    with pytest.raises(ValueError, match="cut off"):
        Message({"name": (2, TEXT)}).read(data[:-1])


@pytest.mark.parametrize(
    ("own", "official"),
    [
        (messages.SPACE, xplane_pb2.XSpace),
        (messages.PROGRAM, hlo_pb2.HloProto),
    ],
)
def test_the_fields_are_the_official_ones(own, official):
    check(own, official.DESCRIPTOR)


def check(own, official):
    for number, (name, type_) in own._fields.items():
        field = official.fields_by_name[name]
        assert field.number == number
        if isinstance(type_, Message):
            inner = field.message_type
            check(type_, inner.fields_by_name["value"].message_type if name in own._maps else inner)


def test_complex_numbers_are_those_of_the_official_enumeration():
    from harness.worker.probes.jax import work

    assert {xla_data_pb2.PrimitiveType.Name(number) for number in work._COMPLEX} == {"C64", "C128"}
