"""Words for what analyses return: the sentences of reports, apart from their tables."""
