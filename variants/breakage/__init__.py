"""A physics-informed neural network for the breakage population balance, one part a module."""
