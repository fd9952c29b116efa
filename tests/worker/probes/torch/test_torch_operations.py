"""What is made of the events of PyTorch's profiler; those of an accelerator are made up."""

from types import SimpleNamespace

import pytest

from harness.worker.probes.operations import MARK
from harness.worker.probes.torch.operations import TorchOperations, read


def event(name, start, end, device="CPU", thread=1, number=-1, scope=0, annotates=False, forward=0):
    """An event, in microseconds from the start of the profile."""
    return SimpleNamespace(
        name=name,
        time_range=SimpleNamespace(start=start, end=end),
        device_type=f"DeviceType.{device}",
        thread=thread,
        sequence_nr=number,
        scope=scope,
        is_user_annotation=annotates,
        fwd_thread=forward,
    )


EVENTS = [
    event(MARK, 100, 1100, annotates=True, scope=7),
    event("physics", 150, 400, annotates=True, scope=7),
    event("aten::linear", 200, 300, number=60),
    event("aten::addmm", 220, 280, number=61),
    event("autograd::engine::evaluate_function: AddmmBackward0", 500, 700, number=61, forward=1),
    event("aten::mm", 550, 650),
]


def found(events):
    return {one.type: one for one in read(events, 10.0)}


def test_gradients_belong_to_the_part_of_what_they_are_the_gradient_of():
    parts = {name: one.part for name, one in found(EVENTS).items()}
    assert parts == dict.fromkeys(["aten::linear", "aten::addmm", "AddmmBackward0", "aten::mm"], "physics")


def test_a_version_that_tells_annotations_by_their_scope_only_will_do():
    older = [
        SimpleNamespace(**{name: value for name, value in vars(one).items() if name != "is_user_annotation"})
        for one in EVENTS
    ]
    assert found(older) == found(EVENTS)


def test_gradients_in_another_thread_do_too():
    elsewhere = [event("autograd::engine::evaluate_function: TanhBackward0", 500, 600, thread=2, number=60, forward=1)]
    assert found(EVENTS + elsewhere)["TanhBackward0"].part == "physics"


def test_a_gradient_of_what_ran_before_the_epoch_has_no_part():
    earlier = [event("autograd::engine::evaluate_function: TanhBackward0", 800, 900, number=3, forward=1)]
    assert found(EVENTS + earlier)["TanhBackward0"].part == ""


def test_times_are_by_our_clock():
    one = found(EVENTS)["aten::mm"]
    assert (one.start, one.seconds) == (pytest.approx(10.0 + 450e-6), pytest.approx(100e-6))


def test_kernels_of_an_accelerator_count_alone(monkeypatch):
    kernels = [event("gemm_kernel", 600, 800, "CUDA", thread=7), event("tanh_kernel", 750, 900, "CUDA", thread=8)]
    probe = TorchOperations(None)
    monkeypatch.setattr(probe, "_read_profile", lambda: read(EVENTS + kernels, 10.0))
    use = probe.end(1e-3)
    assert {one.type for one in use.uses} == {"gemm_kernel", "tanh_kernel"}
    assert use.device == "CUDA"
    assert use.busy == pytest.approx(300e-6)
