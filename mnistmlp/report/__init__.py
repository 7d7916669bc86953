"""What was learnt, to look at: a page of results, and its pictures as files (`report` extra)."""
