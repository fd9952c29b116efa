"""The findings of a profile, in words."""

from collections.abc import Mapping

from harness import rounding
from harness.analysis.profile.bounds import Bound
from harness.analysis.profile.charges import FOLLOWS, Charge
from harness.analysis.profile.facts import (
    Arithmetic,
    Dominating,
    Found,
    Growing,
    Heavy,
    HostBound,
    MoreOperations,
    NewTraces,
    OpByOp,
    OutsideOperations,
    Recompiled,
    Retraced,
    SpareOptimizers,
    Unweighted,
)
from harness.analysis.profile.few_threads import FewThreads
from harness.analysis.profile.started import Starting
from harness.analysis.profile.tracings import Traced
from harness.analysis.profile.uncompiled import Broken, GivenUp, Uncaptured
from harness.report.wording import words
from harness.worker.wire.messages import EPOCH

_LIMITED: dict[Bound | None, str] = {
    Bound.ARITHMETIC: " Its arithmetic limits it.",
    Bound.MEMORY: " Reading and writing memory limits it, not arithmetic.",
    Bound.HOST: " Starting its many small operations limits it, not what they compute.",
}


def describe_finding(found: Found) -> str:
    """Describe a finding with its cost and, if there is any, advice."""
    match found.fact:
        case Retraced() as fact:
            what = f"was traced {fact.trace.times} times more in {words.many(fact.epochs, 'epoch')}"
            text = f"{_name_function(fact.trace)} {what}: {_describe_cause(fact.trace)}."
            return f"{text} {_describe_cost(found)} {_make_sentence(_choose_advice(fact.trace))}"
        case NewTraces() as fact:
            most = fact.costliest
            return (
                f"{fact.tracing} of {words.many(fact.epochs, 'epoch')} trace something new, {fact.functions} functions"
                f" or causes in all. The costliest is {_name_function(most)}: {_describe_cause(most)}."
                f" {_describe_cost(found)} {_make_sentence(_choose_advice(most))}"
            )
        case Recompiled(one):
            return (
                f"{one.compiler or 'A compiler'} compiled {one.function} ({one.where}) {one.times} times, {one.silent}"
                f" of them for another shape without any trace. {_describe_cost(found)} Keep the shapes fixed."
            )
        case Arithmetic() as fact:
            timed = (
                f", and {rounding.percent(fact.time_share)} of the time of its operations" if fact.time_share else ""
            )
            return (
                f"{rounding.percent(fact.flops / fact.of_flops)} of the arithmetic of {_name_epoch(fact.kind)} is in"
                f" {fact.part}: {rounding.flops(fact.flops)} of {rounding.flops(fact.of_flops)}{timed}."
            )
        case Unweighted() as fact:
            return _describe_unweighted(fact)
        case Heavy() as fact:
            also = f", and nearly as much of {', '.join(fact.also)}" if fact.also else ""
            tracing = " That includes tracing and compiling: no such epoch ran without." if fact.phase.traced else ""
            return (
                f"The phase {fact.phase.path} takes {rounding.percent(fact.share)} of {_name_epoch(fact.phase.kind)}:"
                f" {rounding.seconds(fact.phase.total_seconds)}{also}.{tracing}"
            )
        case Dominating(kind, use, way, share, of_flops, bound):
            led = f", called from {way.where} `{words.shorten(way.text)}`," if way else ""
            arithmetic = f" and does {rounding.percent(of_flops)} of its arithmetic" if of_flops else ""
            return (
                f"{use.where} `{words.shorten(use.text)}`{led} takes {rounding.percent(share)} of {_name_epoch(kind)}"
                f"{arithmetic}, gradients included.{_LIMITED.get(bound, '')}"
            )
        case OutsideOperations(kind, line, share):
            return (
                f"{line.where} `{words.shorten(line.text)}` takes {rounding.percent(share)} of {_name_epoch(kind)} in"
                " Python, NumPy or dispatch, while no operation of a framework runs."
            )
        case OpByOp(kind, counts):
            number = words.many(counts.operations, "operation")
            advice = (
                "Put the whole step under jax.jit, with jax.lax.scan for its loops."
                if counts.compiler == "jax.jit"
                else "Decorate the step with tf.function; in Keras, leave run_eagerly off."
            )
            return (
                f"{number} of {_name_epoch(kind)}, {rounding.percent(counts.operations / counts.of)} of all, run one by"
                f" one from Python, outside of every {counts.compiler}. {advice}"
            )
        case FewThreads(framework, threads, of, set_by, busy):
            return (
                f"{framework} uses {words.many(threads, 'thread')}, and not the {of} that harness set:"
                f" {rounding.trimmed(busy)} of {of} processors compute on average. {set_by or 'The program'} sets them;"
                " a step with large operations is quicker with more."
            )
        case Starting() as fact:
            number = f"{rounding.trimmed(fact.processes)} {'process' if fact.processes == 1 else 'processes'}"
            return (
                f"{_make_start(_name_epoch(fact.kind))} starts {number} at {fact.where} `{words.shorten(fact.text)}`."
                f" To start and end them takes {rounding.percent(fact.share)} of it, and each first has to get ready"
                " for its work. Start them once and keep them (a DataLoader with persistent_workers=True, a pool made"
                " outside of the loop), or do without for little data."
            )
        case HostBound(kind, idle, device):
            return (
                f"The {device} device does nothing during {rounding.percent(idle)} of {_name_epoch(kind)}: it waits for"
                " Python. Compile the step (torch.compile, jax.jit), launch it as a whole (CUDA graphs), or train on"
                " larger batches."
            )
        case GivenUp(limit, epoch):
            return (
                f"{limit.function} ({limit.where}) was compiled too often ({limit.limit}): from epoch {epoch} on, calls"
                " for which it is not compiled yet run without compilation. Keep what changes out of its arguments, or"
                " pass it as a tensor."
            )
        case Broken(function, places):
            return (
                f"{function} is compiled in pieces: its graph breaks at {words.listed(list(places))}, where each call"
                " goes back to Python. TORCH_LOGS=graph_breaks says why; fullgraph=True makes it an error."
            )
        case Uncaptured() as fact:
            return _describe_uncaptured(fact)
        case MoreOperations(kind, rise):
            which = "Each epoch" if kind == EPOCH else f"Each epoch of kind {kind}"
            more = words.many(round(rise.per_epoch), "operation")
            what = (
                "its graph keeps growing. Look for what is kept from one epoch to the next together with its graph, and"
                " detach it (loss.detach(), float(loss))."
                if rise.graph
                else "something that it goes through keeps growing. Look for what each epoch adds to, such as a list."
            )
            return (
                f"{which} runs {more} more than the one before ({rise.first_count:,} in epoch {rise.first},"
                f" {rise.last_count:,} in epoch {rise.last}): {what}"
            )
        case SpareOptimizers(use):
            latest = f" The latest is made at {use.where} `{words.shorten(use.text)}`." if use.where else ""
            return (
                f"{words.many(use.number, f'{use.name} optimizer')} keep slots for the same parameters:"
                f" {rounding.size(use.slots)} for {rounding.size(use.parameters)} of parameters, and"
                f" {rounding.size(use.spare)} without the first of them.{latest} Keep one, and set its learning rate"
                " where that changes; or delete what refers to the others, such as a list, a scheduler or a compiled"
                " step."
            )
        case Growing(kind, growth):
            which = "" if kind == EPOCH else f", in epochs of kind {kind}"
            low, high = rounding.size(growth.low), rounding.size(growth.high)
            by = f"{rounding.size(growth.bytes_per_epoch)} an epoch [{low}, {high}]{which}"
            return f"Memory grows by {by}: {_describe_growth(growth.sizes)}."


def _name_function(one: Traced) -> str:
    return f"{one.function} ({one.where})"


def _name_epoch(kind: str) -> str:
    return "an epoch" if kind == EPOCH else f"an epoch of kind {kind}"


def _make_start(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _make_sentence(text: str) -> str:
    return f"{_make_start(text)}."


def _describe_cause(one: Traced) -> str:
    if one.cause is None:
        return "the cause was not observed"
    return "each time as a new function" if one.cause.kind == "first" else one.cause.text


def _choose_advice(one: Traced) -> str:
    if one.cause and one.cause.advice:
        return one.cause.advice
    where = f"look at {one.where}" if ":" in one.where else f"look for what calls {one.function}"
    making = one.cause is not None and one.cause.kind in (FOLLOWS, "first")
    return f"{where}{' for what creates it again' if making else ''}"


def _describe_cost(found: Found) -> str:
    """Describe the cost in relation to the time of all epochs, as far as it is known."""
    charge = found.charge or Charge(found.seconds or 0.0)
    seconds, share = rounding.seconds(charge.seconds), rounding.percent(found.share)
    if not charge.unheld:
        return f"That took {seconds}, {share} of the time of all epochs."
    kinds = [kind for kind in charge.unheld if kind != EPOCH]
    of_kind = f" of kind {' or '.join(kinds)}" if kinds else ""
    every = f"every epoch{of_kind} traced or compiled"
    if charge.most is None or found.most_share is None:
        return (
            f"That took at least {seconds}, {share} of the time of all epochs; first runs of new graphs add to that,"
            f" but cannot be separated from their work, since {every}."
        )
    return (
        f"That took {share} to {rounding.percent(found.most_share)} of the time of all epochs ({seconds} to"
        f" {rounding.seconds(charge.most)}): from tracing alone to everything but the operations, since {every}."
    )


def _describe_unweighted(fact: Unweighted) -> str:
    share = "Epochs" if fact.share_of_epochs is None else f"{rounding.percent(fact.share_of_epochs)} of epochs"
    which = "" if fact.kinds == (EPOCH,) else f" (kind {', '.join(fact.kinds)})"
    took = (
        f" It has {rounding.seconds(fact.seconds)} of their {rounding.seconds(fact.of_seconds)}."
        if fact.seconds
        else ""
    )
    return f"{share} compute a {fact.term} loss whose weight is 0{which}: the total loss is the same without it.{took}"


def _describe_uncaptured(fact: Uncaptured) -> str:
    at = f", because of {words.listed(list(fact.places))}" if fact.places else ""
    why = f": {fact.cause.text}" if fact.cause else ""
    again = f" It was traced {fact.times} times, in {words.many(fact.epochs, 'epoch')}." if fact.times > 1 else ""
    advice = fact.cause.advice if fact.cause else None
    general = "move what cannot be captured out of the function, or out of the loop, with or try around it"
    return (
        f"Nothing of {fact.function} ({fact.where}) is compiled{at}{why}. So its operations run one by one, and only"
        f" functions that it calls may be compiled.{again} {_make_sentence(advice or general)} fullgraph=True makes it"
        " an error."
    )


def _describe_growth(sizes: Mapping[str, float]) -> str:
    grown = " and ".join(f"{name} by {rounding.number(more)}" for name, more in sizes.items())
    if not grown:
        return "something keeps what each epoch creates"
    return f"the sizes that the trainer reports grow as well, {grown} an epoch"
