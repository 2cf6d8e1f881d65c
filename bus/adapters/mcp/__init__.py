"""A proxy in front of any MCP server, whose tools then wait for a decision: `docs/mcp.md`.

`gate` decides what passes and what waits, and knows no transport; `words` is what it understands of the protocol.
`proxy` puts it on standard input and output, `http`, `serve` and `upstream` on streamable HTTP.
"""
