"""The agent's side: what its author holds, the pure core beneath it, its gates, its spool, and what moves the bytes."""
