"""The peak memory of tensors in PyTorch on the CPU, against sizes that are known."""

import gc

import pytest

from harness.worker.probes.torch import FRAMEWORKS, storages

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.frameworks
(TORCH,) = FRAMEWORKS
NUMBERS = 1_000_000
ONE = 4 * NUMBERS
"""Bytes of a tensor of `NUMBERS`."""


@pytest.fixture(autouse=True)
def freed():
    """What a test has made must not exist in the next one."""
    yield
    gc.collect()


def alive():
    """The bytes of all tensors that exist. Compiling leaves others, which have sizes but no memory."""
    gc.collect()
    found = [one.untyped_storage() for one in storages._find_tensors()]
    return sum({one._cdata: one.nbytes() for one in found if one.device.type == "cpu"}.values())


def make(value=1.0):
    return torch.full((NUMBERS,), value)


def measure(epoch):
    counter = TORCH.counter()
    with counter.watching("epoch", apart=True):
        epoch()
    return counter.count(rate=False)


def peak_of(epoch):
    """The peak in an epoch, beyond the tensors that existed before."""
    before = alive()
    found = measure(epoch)
    assert found.no_tensors is None
    return found.tensors["epoch"].bytes - before


def test_what_is_freed_does_not_count_any_more():
    def epoch():
        kept = make()
        for _ in range(5):
            kept = kept + 1  # the new one and the old one

    assert peak_of(epoch) == 2 * ONE


def test_what_is_kept_adds_up():
    assert peak_of(lambda: [make() for _ in range(5)]) == 5 * ONE


def test_views_and_operations_in_place_take_no_memory():
    def epoch():
        kept = make()
        kept.add_(1).mul_(2)
        views = [kept.view(1000, 1000).T[:10], kept.detach(), kept[5:], kept.reshape(-1)]
        del kept
        views[0].zero_()

    assert peak_of(epoch) == ONE


def test_what_autograd_saves_is_kept_until_the_backward_pass():
    weight = make().requires_grad_()
    layers = 6

    def epoch():
        found = weight
        for _ in range(layers):
            found = torch.tanh(found)  # saves its result, which nothing else keeps
        found.sum().backward()

    # The last result has a name. When the others are all alive still, so are the gradients by two results.
    assert peak_of(epoch) == pytest.approx((layers + 2) * ONE, rel=0.001)
    weight.grad = None
    assert independent(epoch) == pytest.approx((layers + 2) * ONE, rel=0.001)
    weight.grad = None

    def unsaved():
        with torch.no_grad():
            found = weight
            for _ in range(layers):
                found = torch.tanh(found)

    assert peak_of(unsaved) == 2 * ONE


def test_tensors_that_existed_count_from_the_start():
    weight = torch.nn.Parameter(make())
    optimizer = torch.optim.Adam([weight])
    weight.sum().backward()
    optimizer.step()
    before = alive()
    assert before >= 4 * ONE, "the parameter, its gradient, and two slots"
    found = measure(make)
    assert found.tensors["epoch"].bytes == before + ONE
    assert measure(lambda: torch.ones(1)).tensors["epoch"].bytes == pytest.approx(before, rel=1e-6)


def test_what_was_freed_before_more_was_taken_does_not_count():
    kept = [make(), make()]

    def epoch():
        kept.clear()
        torch.ones(1)
        kept.append(make())

    before = alive()
    assert measure(epoch).tensors["epoch"].bytes == before


def test_what_comes_from_numpy_and_what_is_resized_counts():
    numpy = pytest.importorskip("numpy")

    def epoch():
        for _ in range(3):
            torch.from_numpy(numpy.ones(NUMBERS, dtype="float32"))
        torch.empty(0).resize_(2 * NUMBERS)

    assert peak_of(epoch) == pytest.approx(2 * ONE, abs=64)


def test_the_line_of_the_peak_is_named():
    def epoch():
        small = make()
        large = torch.cat([small, small])
        del large
        return small + 1

    found = measure(epoch).tensors["epoch"]
    assert found.text == "large = torch.cat([small, small])"
    assert found.where.rpartition("/")[2].startswith("test_torch_storages.py:")
    assert found.how == storages.FOLLOWED


def test_the_highest_epoch_of_a_kind_counts():
    counter, before = TORCH.counter(), alive()
    for number in (1, 3, 2):
        with counter.watching("epoch", apart=True):
            [make() for _ in range(number)]
    assert counter.count(rate=False).tensors["epoch"].bytes == before + 3 * ONE


def test_a_training_step_takes_what_the_allocator_hands_out():
    training = Training()
    training.epoch()
    assert peak_of(training.epoch) == pytest.approx(independent(training.epoch), rel=0.03)


class Training:
    """A physics-informed network, with Adam."""

    def __init__(self):
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.Tanh(), torch.nn.Linear(256, 1))
        self.optimizer = torch.optim.Adam(self.net.parameters())

    def epoch(self):
        points = torch.ones(2000, 64, requires_grad=True)
        self.optimizer.zero_grad()
        found = self.net(points)
        (slope,) = torch.autograd.grad(found.sum(), points, create_graph=True)
        (slope**2).sum().backward()
        self.optimizer.step()


def independent(epoch):
    """The peak of what PyTorch's allocator hands out in an epoch, as its profiler tells it."""
    with torch.profiler.profile(profile_memory=True) as profile:
        epoch()
    live = peak = 0
    for event in profile.profiler.kineto_results.events():
        if event.name() == "[memory]":
            live += event.nbytes()
            peak = max(peak, live)
    return peak


def test_absent_where_not_everything_can_be_followed(monkeypatch):
    found = measure(lambda: torch.eye(3).to_sparse())
    assert (found.tensors, found.no_tensors) == ({}, storages.NO_STORAGE)
    assert measure(lambda: None).no_tensors == "PyTorch ran no operation"
    assert TORCH.counter().count(rate=False).no_tensors
    monkeypatch.setattr(storages, "_keeps_storage_objects", lambda: False)
    assert measure(make).no_tensors == storages.NO_REFERENCES
