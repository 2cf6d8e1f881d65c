"""The verbs over the recording of this machine: what it holds, out of it and into it, and which session or run is meant."""
