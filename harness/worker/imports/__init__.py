"""Imports in a measured process: of variants, from the right source, and with hooks."""
