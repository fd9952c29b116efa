"""One epoch of each variant, physics in full, tracing and first use left out of the time."""

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
    # The same epoch every round, with batch and pool as large as training would have made them by then.
    index = next(index for index in range(trainer.epochs) if trainer.kind(index) == "full")
    trainer.seek(index)
    benchmark.pedantic(trainer.epoch, args=(index,), rounds=ROUNDS[scale], warmup_rounds=2)

    tf.config.experimental.reset_memory_stats("CPU:0")
    losses = trainer.epoch(index)
    benchmark.extra_info |= {
        "traces": trainer.compiled_step.experimental_get_tracing_count(),
        # TensorFlow counts tensors of 256 KB and more. It sees none at small sizes, which is not the same as 0 bytes.
        "peak_tensor_bytes": tf.config.experimental.get_memory_info("CPU:0")["peak"] or None,
    }
    assert benchmark.extra_info["traces"] == 1
    assert losses["physics"] > 0
