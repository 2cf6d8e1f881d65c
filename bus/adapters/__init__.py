"""One file a framework: its `supervise` puts an agent under a run. No framework is imported before that is called."""
