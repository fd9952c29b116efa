"""Formats exceptions as reasons, in one line."""


def one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
