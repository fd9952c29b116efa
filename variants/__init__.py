"""The built-in workload: a PINN for the breakage population balance, in every variant worth comparing."""
