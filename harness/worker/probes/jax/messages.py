"""The messages of a profile and of a compiled program, as far as they are used here.

The numbers are those of xplane.proto, hlo.proto and xla_data.proto in https://github.com/openxla/xla.
"""

from harness.worker.probes.protobuf import BYTES, INTEGER, TEXT, Message

_STAT = Message(
    {
        "metadata_id": (1, INTEGER),
        "uint64_value": (3, INTEGER),
        "int64_value": (4, INTEGER),
        "str_value": (5, TEXT),
        "bytes_value": (6, BYTES),
        "ref_value": (7, INTEGER),
    }
)
_EVENT = Message(
    {"metadata_id": (1, INTEGER), "offset_ps": (2, INTEGER), "duration_ps": (3, INTEGER), "stats": (4, _STAT)},
    repeated=("stats",),
)
_LINE = Message({"name": (2, TEXT), "timestamp_ns": (3, INTEGER), "events": (4, _EVENT)}, repeated=("events",))
_EVENT_METADATA = Message({"name": (2, TEXT), "stats": (5, _STAT)}, repeated=("stats",))
_STAT_METADATA = Message({"name": (2, TEXT)})
_PLANE = Message(
    {
        "name": (2, TEXT),
        "lines": (3, _LINE),
        "event_metadata": (4, _EVENT_METADATA),
        "stat_metadata": (5, _STAT_METADATA),
    },
    repeated=("lines",),
    maps=("event_metadata", "stat_metadata"),
)
SPACE = Message({"planes": (1, _PLANE)}, repeated=("planes",))
"""A profile."""

_ARRAY = {"element_type": (2, INTEGER), "dimensions": (3, INTEGER)}
_ELEMENT = Message(_ARRAY, repeated=("dimensions",))
_SHAPE = Message({**_ARRAY, "tuple_shapes": (4, _ELEMENT)}, repeated=("dimensions", "tuple_shapes"))
_METADATA = Message(
    {"op_name": (2, TEXT), "source_file": (3, TEXT), "source_line": (4, INTEGER), "stack_frame_id": (15, INTEGER)}
)
_DIMENSION_NUMBERS = Message({"lhs_contracting_dimensions": (1, INTEGER)}, repeated=("lhs_contracting_dimensions",))
_INSTRUCTION = Message(
    {
        "name": (1, TEXT),
        "opcode": (2, TEXT),
        "shape": (3, _SHAPE),
        "metadata": (7, _METADATA),
        "custom_call_target": (28, TEXT),
        "dot_dimension_numbers": (30, _DIMENSION_NUMBERS),
        "id": (35, INTEGER),
        "operand_ids": (36, INTEGER),
        "called_computation_ids": (38, INTEGER),
    },
    repeated=("operand_ids", "called_computation_ids"),
)
_COMPUTATION = Message(
    {"name": (1, TEXT), "instructions": (2, _INSTRUCTION), "id": (5, INTEGER)}, repeated=("instructions",)
)
_LOCATION = Message({"file_name_id": (1, INTEGER), "line": (3, INTEGER)})
_FRAME = Message({"file_location_id": (1, INTEGER), "parent_frame_id": (2, INTEGER)})
_FRAMES = Message(
    {"file_names": (1, TEXT), "file_locations": (3, _LOCATION), "stack_frames": (4, _FRAME)},
    repeated=("file_names", "file_locations", "stack_frames"),
)
_MODULE = Message(
    {"name": (1, TEXT), "computations": (3, _COMPUTATION), "id": (5, INTEGER), "stack_frame_index": (17, _FRAMES)},
    repeated=("computations",),
)
PROGRAM = Message({"hlo_module": (1, _MODULE)})
"""A compiled program."""

_ALLOCATION = Message(
    {
        "size": (2, INTEGER),
        "is_thread_local": (3, INTEGER),
        "is_entry_computation_parameter": (5, INTEGER),
        "maybe_live_out": (7, INTEGER),
        "is_constant": (12, INTEGER),
    }
)
_NAMED = Message({"name": (1, TEXT)})
_PLANNED_COMPUTATION = Message({"instructions": (2, _NAMED), "id": (5, INTEGER)}, repeated=("instructions",))
_PLANNED_MODULE = Message(
    {
        "name": (1, TEXT),
        "computations": (3, _PLANNED_COMPUTATION),
        "id": (5, INTEGER),
        "entry_computation_id": (6, INTEGER),
    },
    repeated=("computations",),
)
_ASSIGNMENT = Message({"buffer_allocations": (3, _ALLOCATION)}, repeated=("buffer_allocations",))
PLANNED = Message({"hlo_module": (1, _PLANNED_MODULE), "buffer_assignment": (3, _ASSIGNMENT)})
"""A compiled program with the memory that the compiler plans for it."""
