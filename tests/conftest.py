"""Hypothesis without its deadline: on a busy machine an example may take as long as it likes."""

from hypothesis import settings

settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")
