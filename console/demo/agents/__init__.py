"""The demo agents, a module each. `plan` is what the scripted model makes of a run, `main` is the agent's process."""
