"""A training that is over soon: every stage and many refinements within 300 epochs of the smoke scale."""

from dataclasses import replace

from variants.breakage.scales import SMOKE

BRIEF = replace(SMOKE, name="brief", epochs=300, refine_every=20, percentile=95, weight_refresh=10)
