"""Reports: a page of results, and its pictures as files (`report` extra)."""
