"""Benchmarks of one epoch of each variant with the full physics loss, without the time of tracing and first use."""

import pytest
import tensorflow as tf

from variants.recipes import collection

ROUNDS = {"smoke": 200, "laptop": 10, "paper": 3}


@pytest.mark.benchmark(group="epoch")
@pytest.mark.parametrize(
    "name", [variant.name for variant in collection.variants if variant.name not in collection.references]
)
def test_epoch(benchmark, build, scale, name):
    trainer = build(name)
    # The same epoch in every round, with batch and pool as large as they would be in training.
    index = next(index for index in range(trainer.epochs) if trainer.kind(index) == "full")
    trainer.seek(index)
    benchmark.pedantic(trainer.epoch, args=(index,), rounds=ROUNDS[scale], warmup_rounds=2)

    tf.config.experimental.reset_memory_stats("CPU:0")
    losses = trainer.epoch(index)
    benchmark.extra_info |= {
        "traces": trainer.compiled_step.experimental_get_tracing_count(),
        # TensorFlow counts tensors of 256 KB or more. At small sizes it counts none, which does not mean 0 bytes.
        "peak_tensor_bytes": tf.config.experimental.get_memory_info("CPU:0")["peak"] or None,
    }
    assert benchmark.extra_info["traces"] == 1
    assert losses["physics"] > 0
