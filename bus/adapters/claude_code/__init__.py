"""Claude Code under supervision by its command hooks: `docs/claude.md`.

Each hook is a process of its own and lives for one event. `hook` is that process: small, quick, and shut when in doubt.
`keeper` is one process for all sessions of an agent name; it has the spool, the lease and the link, so that sequence
numbers go on whatever becomes of a hook. `events` says what an event means for a run, `settings` writes Claude Code's file.
"""
