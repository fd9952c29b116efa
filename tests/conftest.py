"""Settings for all tests: no deadline for Hypothesis, and Ctrl-C enabled."""

import signal

from hypothesis import settings

# On a busy machine an example takes as long as it likes.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")
# A shell that starts the tests in the background lets them ignore SIGINT, and so would all their child processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
