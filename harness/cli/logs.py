"""Shows what harness logs while it runs: its loggers are those of the standard `logging`, below the name `harness`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def show(verbosity: int, console: Console) -> None:
    """Log to `console`: nothing but warnings for 0, processes and decisions for 1, also every order for 2 or more."""
    logger = logging.getLogger("harness")
    logger.setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])
    for handler in [each for each in logger.handlers if each.get_name() == __name__]:
        logger.removeHandler(handler)
    if not verbosity:
        return
    handler = _make_handler(console)
    handler.set_name(__name__)
    logger.addHandler(handler)


def _make_handler(console: Console) -> logging.Handler:
    if console.is_terminal:
        from rich.logging import RichHandler  # prints above a live table, and not through it

        return RichHandler(console=console, show_path=False, markup=False)
    handler = logging.StreamHandler(console.file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
