"""All quantities in reports, claims and gates, each with one name."""
