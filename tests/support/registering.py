"""Entry points put in the place of those that are installed."""

from harness.catalog import registry
from harness.worker.imports import loading


class Entry:
    """One that loads to `offered`, or raises it."""

    def __init__(self, name, offered):
        self.name = name
        self.value = f"{name}.module:collection"
        self.offered = offered

    def load(self):
        if isinstance(self.offered, BaseException):
            raise self.offered
        return self.offered


def put(monkeypatch, **offered):
    """These are installed from now on, by their names, and no others; `forget` is to be called in the end."""
    entries = [Entry(name, what) for name, what in offered.items()]
    monkeypatch.setattr(loading, "entry_points", lambda group: entries if group == loading.GROUP else [])
    forget()


def forget():
    """What was known of those installed before."""
    loading.entries.cache_clear()
    registry.registered.cache_clear()
