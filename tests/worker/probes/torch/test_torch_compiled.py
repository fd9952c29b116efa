"""The times of functions that torch.compile compiled, by the lines that call them and that they consist of."""

import gc
import linecache
import sys
import threading

import pytest

from harness.worker.probes.counting_apart import TRACED
from harness.worker.probes.torch import FRAMEWORKS, compiled, generated
from harness.worker.probes.torch.work import NOT_COMPILED

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.frameworks
ROWS, WIDTH, WIDE = 500, 20, 1500
BACKENDS = ("inductor", "aot_eager", "eager")


@pytest.fixture(scope="module", autouse=True)
def forgotten(tmp_path_factory):
    """What was compiled keeps parameters alive, which other tests would find; and a cache on disk, from another copy of
    this file, lines that are not here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("inductor")))
        yield
    torch._dynamo.reset()
    gc.collect()


class Step:
    """Two compiled functions, one of which has nearly all the work, and one function that is not compiled."""

    def __init__(self, **options):
        torch._dynamo.reset()
        self.large = torch.ones(WIDTH, WIDE).requires_grad_()
        self.square = torch.ones(WIDE, WIDE).requires_grad_()
        self.small = torch.ones(WIDTH, 1).requires_grad_()
        self.points = torch.linspace(0, 1, ROWS * WIDTH).reshape(ROWS, WIDTH)
        self.heavy, self.light = torch.compile(heavy, **options), torch.compile(light, **options)

    def __call__(self):
        much = self.heavy(self.points, self.large, self.square)  # heavy
        little = self.light(self.points, self.small)  # light
        plain = (self.points @ self.small).sum()
        loss = much + little + plain
        loss.backward()
        return loss.item(), [one.grad.clone() for one in (self.large, self.square, self.small)]


def heavy(points, large, square):
    wide = torch.tanh(points @ large)
    return (torch.sin(wide @ square) ** 2).mean()


def light(points, small):
    return torch.cos(points @ small).mean()


def watched(step, epochs=3, framework=None):
    """What is counted in epochs of a step that has been compiled."""
    framework = framework or type(FRAMEWORKS[0])()
    traces, *_ = framework.probes(None)
    traces.begin(fresh=True)
    step()
    step()
    traces.end()
    counter = framework.counter()
    for _ in range(epochs):
        traces.begin(fresh=False)
        with counter.watching("epoch", apart=True):
            step()
        if traces.end():
            counter.forget_times("epoch")
    return counter.count(rate=False)


def times(found):
    assert found.untimed is None
    uses, (wall, busy) = found.lines["epoch"], found.timed["epoch"]
    assert sum(use.seconds for use in uses) == pytest.approx(busy)
    assert wall is None or busy <= wall
    return {use.text: use.seconds for use in uses}


@pytest.fixture(scope="module")
def in_inductor():
    return watched(Step(fullgraph=True))


def test_products_in_generated_code_count_to_their_lines_with_their_gradients(in_inductor):
    found = times(in_inductor)
    product = "return (torch.sin(wide @ square) ** 2).mean()"
    assert max(found, key=found.get) == product
    (use,) = (use for use in in_inductor.lines["epoch"] if use.text == product)
    assert [caller.text for caller in use.callers] == [
        "much = self.heavy(self.points, self.large, self.square)  # heavy"
    ]
    assert use.flops == 3 * 2 * ROWS * WIDE * WIDE, "forward, and the gradients by both operands"


def test_what_is_fused_counts_to_the_line_that_calls_the_function(in_inductor):
    found = times(in_inductor)
    assert found["much = self.heavy(self.points, self.large, self.square)  # heavy"] > 0
    assert found["little = self.light(self.points, self.small)  # light"] > 0


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_calls_count_as_a_whole_in_other_backends(backend):
    found = times(watched(Step(backend=backend)))
    assert max(found, key=found.get) == "much = self.heavy(self.points, self.large, self.square)  # heavy"
    assert "plain = (self.points @ self.small).sum()" in found


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_compiled_again_and_results_are_the_same(backend):
    from torch._dynamo.utils import get_compilation_metrics

    step = Step(backend=backend)
    framework = type(FRAMEWORKS[0])()
    found = []

    def run():
        for one in (step.large, step.square, step.small):
            one.grad = None
        found.append(step())

    assert watched(run, framework=framework).timed
    before = len(get_compilation_metrics())
    run()
    assert len(get_compilation_metrics()) == before
    usual, *_, last, after = [loss for loss, _ in found]
    assert usual == last == after
    assert all(map(torch.equal, found[0][1], found[-2][1])), "of the latest timed epoch"


def test_a_function_whose_graph_breaks_is_timed_with_what_runs_in_between():
    torch._dynamo.reset()
    weights = torch.ones(WIDTH, WIDE).requires_grad_()

    @torch.compile
    def pieces(points):
        first = torch.tanh(points @ weights)
        torch._dynamo.graph_break()
        second = torch.sin(first @ weights.T)
        return second.mean()

    def step():
        loss = pieces(torch.ones(ROWS, WIDTH))
        loss.backward()

    found = times(watched(step))
    assert {"first = torch.tanh(points @ weights)", "second = torch.sin(first @ weights.T)"} <= found.keys()
    assert found["loss = pieces(torch.ones(ROWS, WIDTH))"] > 0


@pytest.mark.parametrize("in_place", [False, True])
def test_a_compiled_module_is_timed(in_place):
    torch._dynamo.reset()

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(WIDTH, WIDE)

        def forward(self, points):
            return torch.tanh(self.layer(points))

    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    if in_place:
        net.compile()
        predict = net
    else:
        predict = torch.compile(net, fullgraph=True)

    def step():
        optimizer.zero_grad()
        loss = predict(torch.ones(ROWS, WIDTH)).mean()
        loss.backward()
        optimizer.step()

    found = watched(step)
    seconds = times(found)
    assert seconds["loss = predict(torch.ones(ROWS, WIDTH)).mean()"] > 0
    assert seconds["optimizer.step()"] > 0
    (use,) = (use for use in found.lines["epoch"] if use.text == "return torch.tanh(self.layer(points))")
    assert (use.seconds, use.flops) > (0, 0)


def test_one_epoch_is_counted_only():
    found = watched(Step(backend="eager"), epochs=1)
    assert (found.untimed, found.timed) == (NOT_COMPILED, {})
    assert found.flops["epoch"] > 0


def test_epochs_in_which_functions_are_compiled_are_not_timed():
    torch._dynamo.reset()
    sizes = iter(range(2, 100))

    @torch.compile(backend="eager", dynamic=False)
    def grow(points):
        return points.sum()

    found = watched(lambda: grow(torch.ones(next(sizes))))
    assert (found.untimed, found.timed) == (TRACED, {})
    assert found.lines is not None


def test_a_function_that_is_compiled_anew_in_each_epoch_is_timed_as_compiled():
    torch._dynamo.reset()
    runs = []

    def run(graph, _):
        return lambda *inputs: runs.append(len(inputs)) or graph(*inputs)

    def step():
        made = torch.compile(light, backend=run)(torch.ones(ROWS, WIDTH), torch.ones(WIDTH, 1))
        return made.item()

    found = watched(step)
    assert found.timed
    assert len(runs) == 4, "once less than it ran, because it runs without compilation where FLOPs are counted"


def test_versions_without_a_way_to_observe_calls_say_so(monkeypatch):
    monkeypatch.setattr(compiled, "_HOOKS", "hooks_of_tomorrow")
    found = watched(Step(backend="eager"))
    assert "this version of PyTorch" in found.untimed
    assert not found.timed
    assert found.flops["epoch"] > 0


def test_an_unexpected_version_of_torch_leaves_the_training_alone(monkeypatch):
    def fail(*_):
        raise AttributeError("planted")

    monkeypatch.setattr(compiled.CompiledCalls, "_install", fail)
    found = watched(Step(backend="eager"))
    assert found.untimed == "PyTorch's operations could not be observed: AttributeError: planted"
    assert not found.timed
    assert found.flops["epoch"] > 0


def test_nothing_is_left_behind(in_inductor):
    context = sys.modules["torch._dynamo.eval_frame"]._TorchDynamoContext
    assert not hasattr(context, "enter_exit_hooks")
    assert torch._C._len_torch_dispatch_stack() == 0
    if guard := getattr(torch._C, "_ForceDispatchKeyGuard", None):
        assert guard.__module__ != compiled.__name__


def test_calls_in_other_threads_are_left_alone():
    step = Step(backend="eager")

    def both():
        step()
        aside = threading.Thread(target=step.light, args=(step.points, step.small))
        aside.start()
        aside.join()

    assert "aside.start()" not in times(watched(both))


def test_errors_in_compiled_functions_reach_the_program_and_leave_the_mode_in_order():
    torch._dynamo.reset()

    @torch.compile(backend="eager")
    def fail(points):
        torch._dynamo.graph_break()
        raise KeyError("planted")

    def step():
        with pytest.raises(KeyError, match="planted"):
            fail(torch.ones(3))
        return torch.ones(ROWS, WIDTH) @ torch.ones(WIDTH, 1)

    assert times(watched(step))["return torch.ones(ROWS, WIDTH) @ torch.ones(WIDTH, 1)"] > 0


HERE = heavy.__code__.co_firstlineno + 1
WIDE_LINE, SQUARE_LINE = (linecache.getline(__file__, number).strip() for number in (HERE, HERE + 1))


@pytest.mark.parametrize(
    ("first", "texts", "file", "known"),
    [
        (HERE, (WIDE_LINE, SQUARE_LINE), __file__, True),
        (HERE - 5, (WIDE_LINE, SQUARE_LINE), __file__, True),  # the function has moved
        (HERE, (WIDE_LINE, "an earlier version of the line"), __file__, False),
        (HERE, ("", ""), __file__, False),
        (HERE, (WIDE_LINE, SQUARE_LINE), "/another/file.py", False),
    ],
)
def test_lines_of_generated_code_are_those_of_this_program_only(monkeypatch, first, texts, file, known):
    assert WIDE_LINE == "wide = torch.tanh(points @ large)"
    frame = sys._getframe()
    stacks = [f'  File "{file}", line {first + at}, in heavy\n    {text}\n' for at, text in enumerate(texts)]
    monkeypatch.setattr(generated, "_read_maps", lambda: {frame.f_code.co_filename: ((1, 10**6), tuple(stacks))})
    assert generated.find_lines(frame, {__file__}) == (((__file__, HERE),) if known else ())


def test_a_line_that_may_have_moved_to_several_places_is_not_known():
    now = ["a = 1", "", "a = 1", "b = 2"]
    assert generated._find_move({7: "a = 1"}, now) is None
    assert generated._find_move({1: "a = 1"}, now) == 0
    assert generated._find_move({7: "a = 1", 8: "b = 2"}, now) == -4
