"""What runs in the measured process: it builds a trainer, runs the epochs that it is told to, and watches them.

It imports the standard library, `harness.interface` and itself, and runs on Python 3.10 and later: so a trainer may
live in an environment that has nothing of what harness itself needs.
"""
