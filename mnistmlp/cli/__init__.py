"""The command line: one file a command, `app` that joins them, `console` that writes."""
