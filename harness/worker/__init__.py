"""The code of the measured process: it builds a trainer, runs the requested epochs and observes them.

It imports only the standard library, `harness.interface` and `harness.worker`, and runs on Python 3.10 and later. So a
trainer can run in an environment without the packages that harness itself depends on.
"""
