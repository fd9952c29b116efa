"""Counts the floating-point operations of the matrix products in a compiled program, from its HLO.

HLO is XLA's representation of a program before optimization (https://openxla.org/xla/operation_semantics). A `dot`
whose result has n elements, each a sum of k products, takes 2 n k operations: the usual count of one multiplication and
one addition for each product. Nothing else counts, neither convolutions nor elementwise operations.

Instructions that the result does not depend on are left out, as any compiler leaves them out. A product that occurs
twice counts twice, although a compiler may compute it once. If a branch is chosen at run time, the costliest one
counts. The body of a loop counts once per iteration. The number of iterations is found by running only the integer
instructions that determine it, so it is known if these depend on the program and not on its data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import prod
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub
from typing import Any

from harness.worker.probes.counted import Sizes

STEPS = 1_000_000
"""Maximum number of instructions to run to find the number of iterations of a loop, which take about a second."""

Value = Any
"""An integer, a boolean, a tuple of values, or None for a value that depends on the data."""

_PRED, _TUPLE = 1, 13  # members of xla.PrimitiveType, like those below
_COMPLEX = (15, 18)
_LITERALS = {_PRED: "preds", 4: "s32s", 5: "s64s", 8: "u32s", 9: "u64s"}
_IDENTITIES = {"bitcast", "broadcast", "copy", "convert", "opt-barrier", "reshape", "transpose"}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {"add": add, "subtract": sub, "multiply": mul, "and": and_, "or": or_}
_BINARY |= {"minimum": min, "maximum": max}
_COMPARISONS = {"EQ": eq, "NE": ne, "LT": lt, "LE": le, "GT": gt, "GE": ge}


class Uncountable(Exception):
    """The operations cannot be counted. The message is the reason."""


Products = Counter[tuple[str, Sizes]]
"""Operations by the names of the products and what they multiply."""


def flops(module: Any) -> Products:
    """Return the operations of one run of `module`, an `HloModuleProto`, by the names and sizes of its products.

    Raises Uncountable with the reason if they cannot be counted.
    """
    return _Program(module).flops(module.entry_computation_id, ())


def _multiply(turns: int, counted: Products) -> Products:
    return Counter({product: turns * number for product, number in counted.items()})


class _Program:
    def __init__(self, module: Any) -> None:
        self._roots = {computation.id: computation.root_id for computation in module.computations}
        self._instructions = {
            computation.id: {step.id: step for step in computation.instructions} for computation in module.computations
        }
        self._steps = 0
        self._has_dots = cache(self._contains_dots)
        self._deciding = cache(self._select_deciding)

    def flops(self, number: int, given: tuple[Value, ...]) -> Products:
        """Return the operations of computation `number`, given the known values of its parameters."""
        values, loops = self._evaluate(number, given)
        total: Products = Counter()
        for step in self._walk_needed(number):
            called = step.called_computation_ids
            if step.opcode == "dot":
                left, right = (self._instructions[number][operand] for operand in step.operand_ids[:2])
                sizes = tuple(left.shape.dimensions), tuple(right.shape.dimensions)
                total[step.metadata.op_name, sizes] += _count_dot(step, left)
            elif not called or not any(map(self._has_dots, called)):
                continue
            elif step.opcode == "while":
                turns, steady = loops[step.id]
                if turns is None:
                    raise Uncountable("the number of iterations of a loop depends on data")
                body, condition = called
                total += _multiply(turns, self.flops(body, (steady,)))
                total += _multiply(turns + 1, self.flops(condition, (steady,)))
            elif step.opcode == "conditional":
                which, *operands = (values.get(operand) for operand in step.operand_ids)
                branches = list(zip(called, operands, strict=True))
                taken = branches if which is None else [branches[_choose_branch(which, len(branches))]]
                counted = [self.flops(branch, (operand,)) for branch, operand in taken]
                costliest: Products = max(counted, key=lambda one: sum(one.values()))
                total += costliest
            elif step.opcode in ("call", "fusion"):
                total += self.flops(called[0], tuple(values.get(operand) for operand in step.operand_ids))
            else:
                raise Uncountable(f"it has matrix products inside a {step.opcode}")
        return total

    def _evaluate(
        self, number: int, given: tuple[Value, ...]
    ) -> tuple[dict[int, Value], dict[int, tuple[Value, Value]]]:
        """Return the values of a computation's instructions, and for each of its loops the number of iterations and the
        part of its state that never changes."""
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
                    turns, steady, value = self._run_loop(called[0], called[1], operands[0])
                    loops[step.id] = turns, steady
                case "conditional":
                    which = operands[0]
                    at = None if which is None else _choose_branch(which, len(called))
                    value = None if at is None else self._evaluate_root(called[at], (operands[1 + at],))
                case "call":
                    value = self._evaluate_root(called[0], tuple(operands))
                case _:
                    value = _evaluate_simple(step, operands)
            values[step.id] = value
        return values, loops

    def _evaluate_root(self, number: int, given: tuple[Value, ...]) -> Value:
        return self._evaluate(number, given)[0].get(self._roots[number])

    def _run_loop(self, body: int, condition: int, state: Value) -> tuple[Value, Value, Value]:
        """Return the number of iterations of a loop, the part of its state that never changes, and its last state.

        All are None if they are unknown.
        """
        turns, steady, start = 0, state, self._steps
        while self._steps - start < STEPS:
            go_on = self._evaluate_root(condition, (state,))
            if go_on is None:
                break
            if not go_on:
                return turns, steady, state
            state = self._evaluate_root(body, (state,))
            steady = _keep_unchanged(steady, state)
            turns += 1
        return None, None, None

    def _contains_dots(self, number: int) -> bool:
        return any(
            step.opcode == "dot" or any(map(self._has_dots, step.called_computation_ids))
            for step in self._instructions[number].values()
        )

    def _select_deciding(self, number: int) -> list[Any]:
        """Return the instructions that may determine the iterations of a loop: those that give a scalar or a tuple."""
        return [
            step
            for step in self._instructions[number].values()
            if step.shape.element_type == _TUPLE or not step.shape.dimensions or step.opcode == "while"
        ]

    def _walk_needed(self, number: int) -> Iterator[Any]:
        """Yield the instructions that a computation's result depends on."""
        waiting, seen = [self._roots[number]], {self._roots[number]}
        while waiting:
            step = self._instructions[number][waiting.pop()]
            yield step
            before = {*step.operand_ids, *step.control_predecessor_ids} - seen
            seen |= before
            waiting += before


def _count_dot(step: Any, left: Any) -> int:
    if any(step.shape.is_dynamic_dimension) or any(left.shape.is_dynamic_dimension):
        raise Uncountable("the size of a matrix product depends on data")
    summed = prod(left.shape.dimensions[axis] for axis in step.dot_dimension_numbers.lhs_contracting_dimensions)
    each = 8 if step.shape.element_type in _COMPLEX else 2
    return int(each * prod(step.shape.dimensions) * summed)


def _evaluate_simple(step: Any, operands: list[Value]) -> Value:
    """Return the value of an instruction that calls no other computation."""
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
        return opcode == "or"  # one operand determines the result
    if None in operands or step.shape.element_type not in (_TUPLE, *_LITERALS):
        return None
    if opcode in _IDENTITIES:
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


def _choose_branch(which: int | bool, branches: int) -> int:
    """Return the index of the branch that a `conditional` takes.

    A boolean selects the first branch if True, else the second. A number that is out of range selects the last one.
    """
    if isinstance(which, bool):
        return 0 if which else 1
    return which if 0 <= which < branches else branches - 1


def _keep_unchanged(before: Value, after: Value) -> Value:
    if isinstance(before, tuple) and isinstance(after, tuple):
        return tuple(map(_keep_unchanged, before, after))
    return before if before == after else None
