"""Why an arm failed: exceptions in one line, and what is wrong although no exception was raised."""


class Misbehaved(Exception):
    """The variant violated the interface, or its program failed, without raising an exception of its own."""


def one_line(error: BaseException) -> str:
    """Return an exception with its type, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
