"""One file a family of verbs, with what only they need. Each is loaded only when it is called."""
