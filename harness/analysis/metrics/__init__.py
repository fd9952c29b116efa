"""Every quantity that reports, claims and gates speak of, each with one name."""
