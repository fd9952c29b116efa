"""Sizes written into the definitions of graphs."""

import tensorflow as tf

from harness.worker.probes.tensorflow.shapes import write_sizes

ROWS = 30


def read(definition):
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
    return graph


def are_known(graph):
    """Whether the sizes of all products are known."""
    products = [one for one in graph.get_operations() if one.type == "MatMul"]
    assert len(products) > 2
    return all(value.shape.is_fully_defined() for one in products for value in one.inputs)


def test_sizes_that_follow_from_those_of_several_tensors_become_known():
    with tf.Graph().as_default() as graph:
        x, t = (tf.compat.v1.placeholder(tf.float32, (None, 1), name=name) for name in "xt")
        inside = tf.concat([x, t], 1) @ tf.ones((2, 3))
        slope = tf.gradients(tf.tanh(inside), x)[0]
        tf.identity(tf.gradients(slope, x)[0], "curvature")
    definition = graph.as_graph_def()
    for node in definition.node:
        if node.name in ("x", "t"):
            node.attr["shape"].shape.dim[0].size = ROWS
    graph = read(definition)
    assert not are_known(graph)
    while write_sizes(definition, graph):
        graph = read(definition)
    assert are_known(graph)
    assert graph.get_tensor_by_name("curvature:0").shape == (ROWS, 1)


def test_what_is_not_known_still_has_to_be_asked_for():
    with tf.Graph().as_default() as graph:
        tf.shape(tf.compat.v1.placeholder(tf.float32, (None, 2)))
    definition = graph.as_graph_def()
    assert not write_sizes(definition, graph)
    assert definition == graph.as_graph_def()
