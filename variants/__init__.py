"""The built-in workload: a PINN for the population balance equation of particle breakage, in several variants."""
