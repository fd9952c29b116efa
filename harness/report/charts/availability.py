"""Whether charts can be drawn here: Altair and vl-convert are an extra of the installation."""

from functools import cache
from importlib import import_module

INSTALL = "With pip install 'pinn-harness[charts]', harness report draws them from the record of this run."


@cache
def why_unavailable() -> str | None:
    """Return why there are no charts, in a sentence or two, or None if they can be drawn."""
    for module, package in (("altair", "altair"), ("vl_convert", "vl-convert-python")):
        try:
            import_module(module)
        except Exception as error:  # a version of Altair that does not fit the packages beside it raises anything
            if isinstance(error, ModuleNotFoundError) and error.name == module:
                return f"No charts: {package} is not installed. {INSTALL}"
            return f"No charts: {package} cannot be imported ({type(error).__name__}: {error})."
    return None
