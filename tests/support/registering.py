"""Replaces the installed entry points."""

from harness.catalog import registry
from harness.worker.imports import loading


class Entry:
    """An entry point that loads `offered`, or raises it."""

    def __init__(self, name, offered):
        self.name = name
        self.value = f"{name}.module:collection"
        self.offered = offered

    def load(self):
        if isinstance(self.offered, BaseException):
            raise self.offered
        return self.offered


def put(monkeypatch, **offered):
    """Installs only these entry points, by name; call `forget` at the end."""
    entries = [Entry(name, what) for name, what in offered.items()]
    monkeypatch.setattr(loading, "entry_points", lambda group: entries if group == loading.GROUP else [])
    forget()


def forget():
    """Clears what was cached from the previous entry points."""
    loading.entries.cache_clear()
    registry.registered.cache_clear()
