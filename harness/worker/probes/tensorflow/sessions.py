"""What a run of a TensorFlow 1 session computes: the part of its graph that leads to what was fetched.

The graph was written for any number of rows. So the part that ran is copied into a graph of its own in which everything
that was fed has the size that it had, and TensorFlow works out the sizes of all the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.worker.probes.counted import Place
from harness.worker.probes.places import Stack
from harness.worker.probes.tensorflow.graphs import find_needed, of_operations
from harness.worker.probes.tensorflow.hlo import Uncountable
from harness.worker.probes.tensorflow.name_scopes import part
from harness.worker.probes.tensorflow.shapes import write_sizes
from harness.worker.probes.tensorflow.stacks import Stacks
from harness.worker.wire.reasons import one_line

_WHAT = "a run of a session"
_PASSES = 4
"""Maximum number of times that sizes are worked out. Each finds those that follow from sizes found before."""
Shape = tuple[int, ...]


@dataclass
class SessionRun:
    """One way in which an epoch runs a session."""

    graph: Any
    results: tuple[str, ...]
    """The names of the operations that were fetched."""
    fed: tuple[tuple[str, Shape], ...]
    """The names of the tensors that were fed, with their sizes."""
    called_from: Stack
    times: int = 0

    @classmethod
    def of(cls, session: Any, fetches: Any, feeds: Mapping[Any, Any], called_from: Stack) -> SessionRun:
        graph = session.graph
        results = {_find_operation(graph.as_graph_element(one)).name for one in _flatten(fetches)}
        fed = {graph.as_graph_element(one).name: _measure(value) for one, value in _pair(feeds)}
        return cls(graph, tuple(sorted(results)), tuple(sorted(fed.items())), called_from)

    @property
    def key(self) -> tuple[Any, ...]:
        return id(self.graph), self.results, self.fed, self.called_from

    @cached_property
    def stacks(self) -> Stacks:
        """What is known of the operations that ran."""
        forwards = {one.name: one._original_op for one in self._needed if getattr(one, "_original_op", None)}
        return Stacks(self.graph, forwards, sized=Stacks(self._sized), called_from=self.called_from)

    def count(self) -> Counter[Place]:
        """Return the operations of one run by place. Raises Uncountable with the reason if they cannot be counted."""
        total = Counter[Place]()
        try:
            needed = find_needed(map(self._sized.get_operation_by_name, self.results))
            for (name, sizes), number in of_operations(self._sized, needed, _WHAT).items():
                total[Place(part(name), self.stacks.stack(name), sizes)] += number
        except Uncountable:
            raise
        except Exception as error:
            raise Uncountable(f"{_WHAT} could not be read: {one_line(error)}") from error
        return total

    @cached_property
    def _needed(self) -> list[Any]:
        """The operations that lead to the results, with those whose results were fed in place of running them."""
        given = {_find_operation(self.graph.as_graph_element(name)).name for name, _ in self.fed}
        left = list(map(self.graph.get_operation_by_name, self.results))
        found: dict[str, Any] = {}
        while left:
            operation = left.pop()
            if operation.name not in found:
                found[operation.name] = operation
                if operation.name not in given:
                    left += [*(tensor.op for tensor in operation.inputs), *operation.control_inputs]
        return list(found.values())

    @cached_property
    def _sized(self) -> Any:
        """A graph of these operations, by the same names, with the sizes that they had."""
        import tensorflow as tf

        shapes = {self.graph.as_graph_element(name).op.name: shape for name, shape in self.fed}
        whole = self.graph.as_graph_def()
        wanted = {one.name for one in self._needed}
        found = type(whole)(versions=whole.versions, library=whole.library)
        for node in whole.node:
            if node.name in wanted:
                found.node.add().CopyFrom(
                    _give_size(node, self.graph, shapes[node.name]) if node.name in shapes else node
                )
        for node in found.node:
            node.attr.pop("_class", None)  # where it has to run, which may be beside what did not run
        for _ in range(_PASSES):
            with tf.Graph().as_default() as sized:
                tf.import_graph_def(found, name="")
            if not write_sizes(found, sized):
                break
        return sized


def _give_size(node: Any, graph: Any, shape: Shape) -> Any:
    """Return a placeholder of this size in the place of a node that was fed."""
    import tensorflow as tf

    results = graph.get_operation_by_name(node.name).outputs
    if len(results) > 1:
        raise Uncountable(f"{_WHAT} is fed one of several results of {node.name}")
    (result,) = results
    placed = type(node)(name=node.name, op="Placeholder")
    placed.attr["dtype"].type = result.dtype.base_dtype.as_datatype_enum
    placed.attr["shape"].shape.CopyFrom(tf.TensorShape(shape).as_proto())
    return placed


def _find_operation(element: Any) -> Any:
    return getattr(element, "op", element)


def _flatten(fetched: Any) -> Iterator[Any]:
    import tensorflow as tf

    for one in tf.nest.flatten(fetched):
        yield from _take_apart(one)


def _take_apart(one: Any) -> Iterator[Any]:
    """Yield the tensors of what consists of several."""
    import tensorflow as tf

    if isinstance(one, tf.SparseTensor | tf.compat.v1.SparseTensorValue):
        yield from (one.indices, one.values, one.dense_shape)
    elif isinstance(one, tf.IndexedSlices):
        yield from filter(lambda part: part is not None, (one.values, one.indices, one.dense_shape))
    else:
        yield one


def _pair(feeds: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each tensor that was fed, with its value."""
    for place, value in feeds.items():
        if isinstance(place, tuple | list):
            yield from zip(place, value, strict=True)
        else:
            yield from zip(_take_apart(place), _take_apart(value), strict=True)


def _measure(value: Any) -> Shape:
    import numpy as np

    return tuple(map(int, np.shape(value)))
