"""The interfaces of probes and frameworks. To add one of either, add a file, and an entry in a list."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import wraps
from operator import attrgetter
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from harness.worker.imports.distributions import distribution
from harness.worker.imports.hooks import when_imported
from harness.worker.probes.places import find_stack, name_line
from harness.worker.wire.messages import Counted

if TYPE_CHECKING:
    from harness.worker.probes.spent import Spent


class Span(NamedTuple):
    """A span of time on a profile's timeline."""

    process: str
    track: str
    """The name of the track. Text after a slash distinguishes tracks of the same name and is not shown."""
    name: str
    began: float
    """The start, by the clock of `perf_counter`."""
    seconds: float
    scope: str = ""


class Awake:
    """How many probes have been attached to their frameworks, so that it is cheap to notice when one more has."""

    probes = 0


@runtime_checkable
class Probe(Protocol):
    """Observes epochs one after the other, in the measured process.

    It may also have `spans() -> Iterable[Span]`, which returns the spans of the latest epoch for a timeline, and
    `idle`: whether its framework has not been imported yet, so that it need not be asked. It counts in `Awake` once it
    has.
    """

    name: str
    """The name under which its evidence is stored."""

    def begin(self, fresh: bool) -> None:
        """Prepare for an epoch that is about to run.

        If `fresh`, it does not directly follow the epoch before, and what happened since then belongs to no epoch.
        """

    def end(self, wall: float) -> Any:
        """Return what was seen in the epoch that has just ended after `wall` seconds, as a value that JSON can
        represent. An empty list or None stands for no evidence."""

    @property
    def unavailable(self) -> Mapping[str, str]:
        """What cannot be observed, with the reasons."""


class OperationProbe(Probe, Protocol):
    """Observes operations in a pass of a profile, because that takes time."""

    def is_used(self) -> bool:
        """Whether its framework has been used, as far as is known."""

    def spans(self) -> Iterable[Span]:
        """Return the operations of the latest epoch."""


class Counter(Protocol):
    """Notes what epochs compute, and counts the operations later."""

    disturbs: bool
    """Whether an epoch whose work is noted runs in another way, so that it must be one whose time does not count."""

    def is_used(self) -> bool:
        """Whether its framework has been used, as far as is known."""

    def watching(self, kind: str, apart: bool) -> AbstractContextManager[None]:
        """Return a context in which an epoch of `kind` runs and its work is noted. If it runs `apart`, only for this,
        its operations are timed, too."""

    def forget_times(self, kind: str) -> None:
        """Forget the times of the latest epoch of a kind, because it traced or compiled meanwhile."""

    @property
    def ran(self) -> Mapping[str, Sequence[tuple[float, float]]]:
        """When operations and calls of compiled functions began and ended by the clock, in the latest epoch of each
        kind that ran apart."""

    @property
    def timed(self) -> Mapping[str, Sequence[Spent]]:
        """The epochs of each kind of which the latest `count` took the mean time."""

    def count(self, rate: bool) -> Counted | None:
        """Count the operations of each kind of epoch and, with `rate`, measure the rate of large matrix products.

        Returns None if the framework is not loaded.
        """


class Allocator(Protocol):
    """Reports the memory in tensors that a framework's own allocator holds."""

    def is_used(self) -> bool:
        """Whether the framework has been used, as far as is known."""

    def forget_peak(self) -> None:
        """Restart the measurement of the peak."""

    def peak_bytes(self) -> int | None:
        """Return the peak in bytes, or None if the allocator does not count."""

    def why_no_peak(self) -> str | None:
        """Return why there is no peak, or None if there is one."""


class Framework:
    """A framework: how to prepare a process for it, how to seed it, and how to observe it.

    The defaults are right for a framework without the respective feature.
    """

    name = ""
    """The name as people write it."""
    module = ""
    """The name of the module that programs import."""
    libraries: tuple[str, ...] = ()
    """The modules that affect what it computes, including its own. Their versions are recorded."""
    thread_variables: tuple[str, ...] = ()
    """The environment variables that set its number of threads."""
    thread_setter = ""
    """The function with which a program sets the number of threads for one operation, below its module."""
    threads_set_by = ""
    """The line that has called it last, as `file:line`; empty if none has."""
    result_variables: tuple[str, ...] = ()
    """The environment variables that affect what it computes."""
    sharing_variables: Mapping[str, str] = {}
    """The environment variables with which it takes no more of a GPU than it needs."""
    compiles = True
    """Whether it traces or compiles at all."""
    observed = False
    """Whether its traces and compilations are observed."""
    generator: tuple[str, int] | None = None
    """The function that seeds its global random generator, and the exclusive upper limit of a seed."""
    no_generator: str | None = None
    """Why it has no global generator."""
    routine_output = ""
    """A regular expression for the beginning of the lines that it logs in every program."""

    @property
    def loaded(self) -> ModuleType | None:
        """Its module if it has been imported, otherwise None."""
        return sys.modules.get(self.module)

    def prepare(self) -> None:
        """Set what must be set before the framework is imported, which may never happen."""

    def watch_threads(self) -> None:
        """Note from now on which line sets its number of threads. Call this before it is imported."""
        if self.thread_setter:
            when_imported(self.module, self._watch_thread_setter)

    def _watch_thread_setter(self, module: ModuleType) -> None:
        owner_name, _, name = self.thread_setter.rpartition(".")
        owner: Any = module
        with suppress(AttributeError):  # it is no longer there in this version
            if owner_name:
                owner = attrgetter(owner_name)(module)
            original = getattr(owner, name)

            @wraps(original)
            def set_threads(*args: Any, **options: Any) -> Any:
                stack = find_stack(sys._getframe(1))
                self.threads_set_by = name_line(stack[0])[0] if stack else ""
                return original(*args, **options)

            setattr(owner, name, set_threads)

    def hand_back_memory(self) -> None:
        """Make its allocator, if it has one, return freed memory immediately. Call this before it is imported."""

    def ask_for_repeatability(self) -> None:
        """Ask for kernels that repeat themselves on GPUs, unless the user has said otherwise. Call this before it is
        imported."""

    def seed(self, seed: int) -> None:
        """Seed its random generator, if it is loaded and has one."""
        if self.generator and (module := self.loaded):
            attrgetter(self.generator[0])(module)(self.within(seed))

    def seed_when_imported(self, seed: int) -> None:
        """Seed its random generator when it is imported, or now if it is loaded."""
        if self.generator:
            when_imported(self.module, lambda _: self.seed(seed))

    def within(self, seed: int) -> int:
        """Return the seed reduced to the range of the generator."""
        return seed % self.generator[1] if self.generator else seed

    def synchronize(self) -> bool:
        """Wait until its devices have done all work that was asked for. Returns whether any may have been left.

        Call this only if it is loaded. It starts nothing that the program has not used.
        """
        return False

    def defer(self, value: Any) -> Any:
        """Return what to read later in place of `value`, if it is an array that may still be computed, so that reading
        it now would wait. None for anything else."""
        return None

    def threads_used(self) -> int | None:
        """Return how many threads it says that it uses for one operation; None if it is not loaded or does not say."""
        return None

    def arithmetic(self) -> dict[str, str]:
        """Return what decides in which arithmetic it computes, and whether it repeats itself: precision, TF32,
        deterministic kernels. Call this only if it has been used; it asks for nothing that starts it."""
        return {}

    def cache_folders(self) -> dict[str, str]:
        """Return the environment variable of each compile cache that lies in the folder for temporary files, and the
        name of its folder there."""
        return {}

    def computes(self) -> bool:
        """Whether it has been used, as far as is known. Many programs import frameworks that they do not use."""
        return self.loaded is not None

    def has_traced(self) -> bool:
        """Whether any tracing has been observed so far."""
        return False

    def build_facts(self) -> dict[str, str]:
        """Return its version and the platforms for which it was built, without importing it.

        Returns an empty dictionary if it is not installed, or if it does not trace or compile.
        """
        installed = distribution(self.module) if self.compiles else None
        if installed is None:
            return {}
        wheel = (installed.read_text("WHEEL") or "").splitlines()
        tags = [line.partition(":")[2].strip() for line in wheel if line[:4] == "Tag:"]
        return {self.name: f"{installed.version} ({', '.join(tags)})" if tags else installed.version}

    def probes(self, phase: Callable[[], str] | None) -> Sequence[Probe]:
        """Make the probes whose cost is negligible, which observe every epoch. Call this once, before it is imported.

        `phase` returns the current phase of an epoch.
        """
        return ()

    def operation_probe(self) -> OperationProbe | None:
        """Make the probe that observes its operations, if there is one."""
        return None

    def counter(self) -> Counter | None:
        """Make its counter of operations, if there is one."""
        return None

    def allocator(self) -> Allocator | None:
        """Return its own allocator, if it has one."""
        return None


def joined(evidence: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the evidence by name, without empty evidence. Lists under the same name are concatenated."""
    found: dict[str, Any] = {}
    for name, value in evidence:
        if value is None or value == []:
            continue
        found[name] = [*found[name], *value] if isinstance(found.get(name), list) else value
    return found
