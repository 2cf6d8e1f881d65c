"""Verbs that run beside agents: the wrapper, the bridges and proxies, what could not be sent, agents to try things on."""
