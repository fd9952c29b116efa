"""What a probe offers, and what is known of a framework: a new one of either is a file and a line in a list."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from types import ModuleType
from typing import Any, NamedTuple, Protocol, runtime_checkable

from harness.worker.imports.distributions import distribution
from harness.worker.imports.hooks import when_imported
from harness.worker.wire.messages import Counted


class Span(NamedTuple):
    """Something on a profile's timeline."""

    process: str
    track: str
    """What follows a slash tells those apart that have one name, and is not shown."""
    name: str
    began: float
    """By the clock of `perf_counter`."""
    seconds: float
    scope: str = ""


@runtime_checkable
class Probe(Protocol):
    """Observes one epoch after the other, in the measured process. Its `name` is what its evidence is kept under.

    It may also offer `spans() -> Iterable[Span]`, what of the latest epoch a timeline is to show.
    """

    name: str

    def begin(self, fresh: bool) -> None:
        """An epoch is about to run. `fresh`: it does not directly follow the one before, so whatever was seen since
        belongs to no epoch."""

    def end(self, wall: float) -> Any:
        """What was seen of the epoch that has just ended and took `wall` seconds: what JSON can hold. Nothing, if that
        is empty or None."""

    @property
    def unavailable(self) -> Mapping[str, str]:
        """What cannot be observed, and why."""


class Counter(Protocol):
    """Notes what epochs call, and counts later how much that computes."""

    def watching(self, kind: str) -> AbstractContextManager[None]:
        """While this lasts, an epoch of `kind` runs."""

    def count(self, rate: bool) -> Counted | None:
        """The operations of each kind of epoch; and, with `rate`, what large matrix products reach. None where its
        framework was not loaded."""


class Allocator(Protocol):
    """What a framework's own allocator says of the tensors that it holds."""

    def forget_peak(self) -> None:
        """Count the peak from now on."""

    def peak_bytes(self) -> int | None:
        """The most that it held at once; None where it does not count."""

    def why_no_peak(self) -> str | None:
        """Why there is none; None where there is."""


class Framework:
    """One framework: how to prepare a process for it, how to seed it, and how to watch what it does.

    What most frameworks have nothing of has a default here.
    """

    name = ""
    """As people write it."""
    module = ""
    """As programs import it."""
    libraries: tuple[str, ...] = ()
    """Modules that decide what it computes, itself included: their versions are recorded."""
    thread_variables: tuple[str, ...] = ()
    """Environment variables that take the number of threads."""
    result_variables: tuple[str, ...] = ()
    """Environment variables that decide what it computes."""
    compiles = True
    """Whether it traces or compiles at all."""
    observed = False
    """Whether its traces and compilations are."""
    generator: tuple[str, int] | None = None
    """The function that sets its global random generator, and what a seed must be below."""
    no_generator: str | None = None
    """Why it has none to set."""
    routine_output = ""
    """A regular expression for the beginning of lines that it logs in any case."""

    @property
    def loaded(self) -> ModuleType | None:
        """Its module, once somebody has imported it."""
        return sys.modules.get(self.module)

    def prepare(self) -> None:
        """Set what must be set before it is imported. Nobody knows whether it will be."""

    def hand_back_memory(self) -> None:
        """Before it is imported: have its allocator hand back at once what is freed, if it has one."""

    def seed(self, seed: int) -> None:
        """Set its random generator, if it is loaded and has one."""
        if self.generator and (module := self.loaded):
            attrgetter(self.generator[0])(module)(self.within(seed))

    def seed_when_imported(self, seed: int) -> None:
        """The same as soon as somebody imports it: now, where it is loaded."""
        if self.generator:
            when_imported(self.module, lambda _: self.seed(seed))

    def within(self, seed: int) -> int:
        return seed % self.generator[1] if self.generator else seed

    def computes(self) -> bool:
        """Whether it has been used, as far as it tells: many are imported by programs that never use them."""
        return self.loaded is not None

    def has_traced(self) -> bool:
        """Whether it has traced anything so far that was observed."""
        return False

    def build_facts(self) -> dict[str, str]:
        """Its version and the platforms that it was built for, found without importing it; nothing where it is not
        installed, or is no framework that computes by itself."""
        installed = distribution(self.module) if self.compiles else None
        if installed is None:
            return {}
        wheel = (installed.read_text("WHEEL") or "").splitlines()
        tags = [line.partition(":")[2].strip() for line in wheel if line[:4] == "Tag:"]
        return {self.name: f"{installed.version} ({', '.join(tags)})" if tags else installed.version}

    def probes(self, phase: Callable[[], str] | None) -> Sequence[Probe]:
        """Those that cost next to nothing, so that they watch every epoch. To be made once, before it is imported.
        `phase` tells which phase of an epoch is under way."""
        return ()

    def pass_probes(self, watch: str) -> Sequence[Probe]:
        """Those that cost time, of one pass of a profile."""
        return ()

    def counter(self) -> Counter | None:
        return None

    def allocator(self) -> Allocator | None:
        return None


def joined(evidence: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Evidence by name, without what is empty. Lists under the same name become one."""
    found: dict[str, Any] = {}
    for name, value in evidence:
        if value is None or value == []:
            continue
        found[name] = [*found[name], *value] if isinstance(found.get(name), list) else value
    return found
