"""Importing in a measured process: what, from where, and what happens then."""
