"""A small world with a seed: agents, a bus that loses and repeats, a supervisor that crashes, operators, and a forger.

Everything in it is the real, pure code, driven by a fake clock: `bus.sdk.agent_core.AgentCore`, `bus.trust.PinnedTrust`,
`console.supervisor.desk.Desk`, the arbiter's `Operators`, the policy's `Judge`. Until `CALM` the bus drops, repeats, delays
and reorders, links break, processes die or freeze, the recording fails, policies change. Then it heals, and what the
design promises must hold.
"""
