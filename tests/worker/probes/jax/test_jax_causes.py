"""Causes of tracings by JAX, from messages as several of its versions word them."""

import pytest

from harness.worker.probes.jax.causes import AGAIN, FIRST, Misses

HEAD = "TRACING CACHE MISS at train.py:14:36 (epoch):\n"
NEWER = f"{HEAD}  for step defined at /home/me/train.py:8\n  all previously seen cache keys differ. For the closest:\n"
TYPES = f"{NEWER}  different input types:\n  * at "
TREE = f"{NEWER}  different input pytree:\n  * at input path "
OLDER = (
    "TRACING CACHE MISS at train.py:14:36 (epoch) because:\n"
    "  for Net.step defined at /home/me/train.py:8\n"
    "  never seen input type signature:\n"
    "    w: f32[4],  x: f32[9,4]\n"
    "  closest seen input type signature has 1 mismatches, including:\n"
)
NEVER = HEAD + "  never seen function:\n    step id=1397 defined at /home/me/train.py:8"


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        (
            f"{TYPES}x, now f32[9,4] and before f32[8,4]",
            "shape",
            "argument x: shape (8, 4) -> (9, 4)",
        ),
        (f"{OLDER}    * at x, seen f32[8,4], but now given f32[9,4]\n", "shape", "argument x: shape (8, 4) -> (9, 4)"),
        (
            f"{TYPES}x, now f32[9] and before f32[]",
            "rank",
            "argument x: rank () -> (9)",
        ),
        (
            f"{TYPES}x, now i32[4] and before f32[4]",
            "dtype",
            "argument x: dtype f32 -> i32",
        ),
        (
            f"{TYPES}rate, now f32[]{{weak_type=True}} and before f32[]{{weak_type=False}}\n",
            "weak type",
            "argument rate: an array -> a Python number (weak type)",
        ),
        (
            f"{OLDER}    * at rate, seen f32[]{{weak_type=True}}, but now given f32[]{{weak_type=False}}",
            "weak type",
            "argument rate: a Python number -> an array (weak type)",
        ),
        (
            f"{TYPES}a, now f32[2] and before f32[1]\n  * at b, now f32[3] and before f32[1]\n"
            "  * at c, now f32[4] and before f32[1]\n",
            "shape",
            "argument a: shape (1) -> (2); argument b: shape (1) -> (3); and 1 more",
        ),
        (
            f"{TREE}[0][1]['w'], now <class 'dict'> with 2 children and before"
            " <class 'dict'> with 1 child, so the numbers of children do not match",
            "structure",
            "argument 1['w']: dict with 1 child -> dict with 2 children",
        ),
        (
            f"{TREE}[1]['rate'], now <class 'jax.x.Static'> with pytree metadata"
            " Static(val=0.2) and before <class 'jax.x.Static'> with pytree metadata Static(val=0.1), so they differ",
            "value",
            "argument rate: Python value 0.1 -> 0.2",
        ),
        (
            f"{NEWER}  Tracing context doesn't match, e.g. due to config.",
            "context",
            "the same arguments in another context",
        ),
        (
            f"{NEWER}  cache miss explanation unavailable",
            "type",
            "JAX does not say why; in some versions, an argument that is static has changed",
        ),
        (
            "TRACING CACHE MISS at t.py:1:2 (f) because:\n  for f defined at /t.py:3\n"
            "  never seen passing 2 positional args and 0 keyword args with keys:\n  closest seen is passing 1",
            "structure",
            "never seen passing 2 positional args and 0 keyword args with keys: closest seen is passing 1",
        ),
    ],
)
def test_names_what_differs(message, kind, text):
    misses = Misses()
    misses.explain(NEVER)
    found = misses.explain(message).cause
    assert (found.kind, found.text) == (kind, text)


@pytest.mark.parametrize(("message", "function"), [(NEWER, "step"), (OLDER, "Net.step"), (NEVER, "step")])
def test_names_the_function_and_where_it_is_defined(message, function):
    found = Misses().explain(message)
    assert (found.function, found.where) == (function, "/home/me/train.py:8")


def test_a_function_that_is_made_again_is_told_from_a_new_one():
    misses = Misses()
    assert misses.explain(NEVER).cause == FIRST
    assert misses.explain(NEVER.replace("1397", "2001")).cause == AGAIN
    assert misses.explain(NEVER.replace("train.py:8", "train.py:30")).cause == FIRST


def test_another_wording_is_quoted_and_never_too_long():
    found = Misses().explain("TRACING CACHE MISS: something quite different, " + "and so on " * 50)
    assert (found.function, found.where, found.cause.kind) == ("?", "?", "type")
    assert len(found.cause.text) <= 120


def test_an_object_that_can_be_called_has_a_name_and_no_place():
    misses = Misses()
    first = misses.explain(f"{HEAD}  never seen function:\n    Model id=1397")
    assert (first.function, first.where, first.cause) == ("Model", "?", FIRST)


def test_functions_that_no_message_names_are_not_taken_for_the_same():
    misses = Misses()
    assert [misses.explain("never seen function").cause for _ in range(2)] == [FIRST, FIRST]
