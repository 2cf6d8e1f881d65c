"""The command line: one file a family of verbs, each loaded only when it is called."""
