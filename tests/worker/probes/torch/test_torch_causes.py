"""Causes of tracings by Dynamo, from guards as several of its versions word them."""

import pytest

from harness.worker.probes.torch.causes import FIRST, UNKNOWN, explain, explain_break, explain_skip, name_function


@pytest.mark.parametrize("compile_id", ["", "0/0", "3/0", "0/0_1"])
def test_the_first_compilation_of_a_function_has_no_other_cause(compile_id):
    assert explain(compile_id, None) == FIRST


@pytest.mark.parametrize(
    ("reason", "kind", "text"),
    [
        (
            "0/0: tensor 'x' size mismatch at index 0. expected 8, actual 9",
            "shape",
            "argument x: size 8 -> 9",
        ),
        (
            "0/1: tensor 'L['x']' dtype mismatch. expected Float, actual Double",
            "dtype",
            "argument x: dtype Float -> Double",
        ),
        ("0/0: tensor 'x' rank mismatch. expected 2, actual 3", "rank", "argument x: rank 2 -> 3"),
        ("0/0: L['rate'] == 0.5  # loss = mean * rate  # train.py:9", "value", "this no longer held: rate == 0.5"),
        ("0/2: ___check_obj_id(L['self'].net, 1397)", "object", "this no longer held: ___check_obj_id(self.net, 1397)"),
        ("0/0: len(L['terms']) == 2\n0/1: len(L['terms']) == 3", "shape", "this no longer held: len(terms) == 2"),
        (
            "0/0: ___check_global_state()  # GLOBAL_STATE changed: grad_mode",
            "type",
            "this no longer held: ___check_global_state()",
        ),
    ],
)
def test_names_the_guard_that_failed(reason, kind, text):
    found = explain("0/3", reason)
    assert (found.kind, found.text) == (kind, text)


def test_numbers_are_to_be_passed_as_tensors_and_texts_kept():
    assert explain("0/1", "0/0: L['rate'] == 0.5").advice == "pass a tensor"
    assert explain("0/1", "0/0: L['mode'] == 'train'").advice == "pass the same value each time"


def test_without_a_reason_it_says_where_to_find_one():
    assert explain("0/1", None) == UNKNOWN
    assert explain("0/1", "") == UNKNOWN


def test_long_guards_are_cut():
    assert len(explain("0/1", "0/0: " + "L['x'].shape[0] * 2 + " * 30).text) < 160


def test_what_follows_a_graph_break_is_named_by_its_line():
    assert name_function("torch_dynamo_resume_in_step_at_12") == "step after a graph break at line 12"
    assert name_function("step") == "step"


OPTION = "using `torch.autograd.grad` with `torch._dynamo.config.trace_autograd_ops=False`\n  Explanation: ..."
DISABLED = "Skip calling `torch.compiler.disable()`d function\n  Explanation: ..."


def test_what_is_skipped_has_the_first_line_of_its_reason_and_advice():
    cause = explain_skip("Unsupported", OPTION)
    assert (cause.kind, cause.text) == ("skipped", OPTION.partition("\n")[0])
    assert cause.advice.startswith("set torch._dynamo.config.trace_autograd_ops = True")
    assert explain_skip("Unsupported", "call torch.autograd.grad").advice.startswith("derive with torch.func")
    assert (explain_skip("BackendCompilerFailed", None).text, explain_skip("E", "").advice) == (
        "BackendCompilerFailed",
        None,
    )
    assert len(explain_skip("Unsupported", "x" * 500).text) == 120


def test_what_was_compiled_too_often_is_reported_elsewhere():
    assert explain_skip("FailOnRecompileLimitHit", "Hard failure") is None
    assert explain_skip("Unsupported", "Dynamo recompile limit exceeded\n  Explanation: ...") is None


def test_a_break_has_its_reason_and_other_restarts_are_none():
    assert explain_break([]) is None
    assert explain_break(["<class 'torch._dynamo.exc.SpeculationRestartAnalysis'>"]) is None
    cause = explain_break(["<class 'x'>", DISABLED])
    assert (cause.kind, cause.text) == ("break", DISABLED.partition("\n")[0])
    assert cause.advice.startswith("leave out torch.compiler.disable")
