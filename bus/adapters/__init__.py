"""One file a framework. Each `supervise` puts a framework's agent under a run; no framework is imported before it is called."""
