"""The command line: the table of verbs, and what several of them share. Each verb is loaded only when it is called."""
