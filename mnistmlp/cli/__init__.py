"""The command line: a module for each command; `app` joins them, `console` prints."""
