"""How many floating-point operations the matrix products of a compiled program take, from its HLO.

HLO is what XLA makes of a program before it optimizes it (https://openxla.org/xla/operation_semantics). A `dot` whose
result has n elements, each a sum over k products, takes 2 n k operations: the usual count, one multiplication and one
addition each. Nothing else counts: no convolution, and nothing that is done element by element.

What the result does not depend on is left out, as any compiler leaves it out. A product that is written twice counts
twice, though a compiler may do it once. Where a branch is taken at run time, the costliest counts. A loop's body counts
as often as the loop turns: that is found by running the integers that decide it, and nothing else, so it is known where
they follow from the program and not from its data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import prod
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub
from typing import Any

STEPS = 1_000_000
"""Instructions that are run to find how often a loop turns: about a second of them."""

Value = Any
"""An integer, a truth, a tuple of values, or None for whatever cannot be known without the data."""

_PRED, _TUPLE = 1, 13  # in xla.PrimitiveType, like those below
_COMPLEX = (15, 18)
_LITERALS = {_PRED: "preds", 4: "s32s", 5: "s64s", 8: "u32s", 9: "u64s"}
_UNCHANGED = {"bitcast", "broadcast", "copy", "convert", "opt-barrier", "reshape", "transpose"}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {"add": add, "subtract": sub, "multiply": mul, "and": and_, "or": or_}
_BINARY |= {"minimum": min, "maximum": max}
_COMPARISONS = {"EQ": eq, "NE": ne, "LT": lt, "LE": le, "GT": gt, "GE": ge}


class Uncountable(Exception):
    """Why the operations cannot be counted."""


def flops(module: Any) -> Counter[str]:
    """The operations of one run of `module`, an `HloModuleProto`, by the names that its products have. Raises
    Uncountable."""
    return _Program(module).flops(module.entry_computation_id, ())


def _times(turns: int, counted: Counter[str]) -> Counter[str]:
    return Counter({name: turns * number for name, number in counted.items()})


class _Program:
    def __init__(self, module: Any) -> None:
        self._roots = {computation.id: computation.root_id for computation in module.computations}
        self._instructions = {
            computation.id: {step.id: step for step in computation.instructions} for computation in module.computations
        }
        self._steps = 0
        self._has_dots = cache(self._find_dots)
        self._deciding = cache(self._find_deciding)

    def flops(self, number: int, given: tuple[Value, ...]) -> Counter[str]:
        """Of computation `number`, given what is known of its parameters."""
        values, loops = self._run(number, given)
        total = Counter[str]()
        for step in self._needed(number):
            called = step.called_computation_ids
            if step.opcode == "dot":
                total[step.metadata.op_name] += _dot(step, self._instructions[number][step.operand_ids[0]])
            elif not called or not any(map(self._has_dots, called)):
                continue
            elif step.opcode == "while":
                turns, steady = loops[step.id]
                if turns is None:
                    raise Uncountable("how often one of its loops turns depends on data")
                body, condition = called
                total += _times(turns, self.flops(body, (steady,)))
                total += _times(turns + 1, self.flops(condition, (steady,)))
            elif step.opcode == "conditional":
                which, *operands = (values.get(operand) for operand in step.operand_ids)
                branches = list(zip(called, operands, strict=True))
                taken = branches if which is None else [branches[_branch(which, len(branches))]]
                counted = [self.flops(branch, (operand,)) for branch, operand in taken]
                costliest: Counter[str] = max(counted, key=lambda one: sum(one.values()))
                total += costliest
            elif step.opcode in ("call", "fusion"):
                total += self.flops(called[0], tuple(values.get(operand) for operand in step.operand_ids))
            else:
                raise Uncountable(f"it has matrix products inside a {step.opcode}")
        return total

    def _run(self, number: int, given: tuple[Value, ...]) -> tuple[dict[int, Value], dict[int, tuple[Value, Value]]]:
        """The values of a computation's instructions; and of its loops, how often each turns and what never changes."""
        values: dict[int, Value] = {}
        loops: dict[int, tuple[Value, Value]] = {}
        for step in self._deciding(number):
            self._steps += 1
            operands = [values.get(operand) for operand in step.operand_ids]
            called = step.called_computation_ids
            match step.opcode:
                case "parameter":
                    value = given[step.parameter_number] if step.parameter_number < len(given) else None
                case "while":
                    turns, steady, value = self._loop(called[0], called[1], operands[0])
                    loops[step.id] = turns, steady
                case "conditional":
                    which = operands[0]
                    at = None if which is None else _branch(which, len(called))
                    value = None if at is None else self._result(called[at], (operands[1 + at],))
                case "call":
                    value = self._result(called[0], tuple(operands))
                case _:
                    value = _simple(step, operands)
            values[step.id] = value
        return values, loops

    def _result(self, number: int, given: tuple[Value, ...]) -> Value:
        return self._run(number, given)[0].get(self._roots[number])

    def _loop(self, body: int, condition: int, state: Value) -> tuple[Value, Value, Value]:
        """How often a loop turns, what of its state no turn changes, and its last state; None where unknown."""
        turns, steady, start = 0, state, self._steps
        while self._steps - start < STEPS:
            go_on = self._result(condition, (state,))
            if go_on is None:
                break
            if not go_on:
                return turns, steady, state
            state = self._result(body, (state,))
            steady = _unchanged(steady, state)
            turns += 1
        return None, None, None

    def _find_dots(self, number: int) -> bool:
        return any(
            step.opcode == "dot" or any(map(self._has_dots, step.called_computation_ids))
            for step in self._instructions[number].values()
        )

    def _find_deciding(self, number: int) -> list[Any]:
        """The instructions that a loop's turns may depend on: those that give a single number, or a tuple."""
        return [
            step
            for step in self._instructions[number].values()
            if step.shape.element_type == _TUPLE or not step.shape.dimensions or step.opcode == "while"
        ]

    def _needed(self, number: int) -> Iterator[Any]:
        """The instructions that a computation's result depends on."""
        waiting, seen = [self._roots[number]], {self._roots[number]}
        while waiting:
            step = self._instructions[number][waiting.pop()]
            yield step
            before = {*step.operand_ids, *step.control_predecessor_ids} - seen
            seen |= before
            waiting += before


def _dot(step: Any, left: Any) -> int:
    if any(step.shape.is_dynamic_dimension) or any(left.shape.is_dynamic_dimension):
        raise Uncountable("the size of one of its matrix products depends on data")
    summed = prod(left.shape.dimensions[axis] for axis in step.dot_dimension_numbers.lhs_contracting_dimensions)
    each = 8 if step.shape.element_type in _COMPLEX else 2
    return int(each * prod(step.shape.dimensions) * summed)


def _simple(step: Any, operands: list[Value]) -> Value:
    """The value of an instruction that calls nothing."""
    opcode = step.opcode
    if opcode == "constant":
        numbers: Sequence[int] = getattr(step.literal, _LITERALS.get(step.shape.element_type, ""), ())
        return numbers[0] if len(numbers) == 1 else None
    if opcode == "tuple":
        return tuple(operands)
    if opcode == "get-tuple-element":
        return operands[0] and operands[0][step.tuple_index]
    if opcode == "select":
        return None if operands[0] is None else operands[1] if operands[0] else operands[2]
    if opcode in ("and", "or") and step.shape.element_type == _PRED and (opcode == "or") in operands:
        return opcode == "or"  # whatever the other one is
    if None in operands or step.shape.element_type not in (_TUPLE, *_LITERALS):
        return None
    if opcode in _UNCHANGED:
        if step.shape.element_type == _PRED:
            return bool(operands[0])
        return int(operands[0]) if isinstance(operands[0], bool) else operands[0]
    if opcode in _BINARY:
        return _BINARY[opcode](*operands)
    if opcode == "compare":
        return _COMPARISONS[step.comparison_direction](*operands)
    if opcode == "not":
        return not operands[0] if isinstance(operands[0], bool) else ~operands[0]
    return None


def _branch(which: int | bool, branches: int) -> int:
    """Which branch a `conditional` takes: by a truth, the first if it holds; by a number, the last if out of range."""
    if isinstance(which, bool):
        return 0 if which else 1
    return which if 0 <= which < branches else branches - 1


def _unchanged(before: Value, after: Value) -> Value:
    if isinstance(before, tuple) and isinstance(after, tuple):
        return tuple(map(_unchanged, before, after))
    return before if before == after else None
