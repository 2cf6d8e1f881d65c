"""What becomes of a proposed action: judged by what its run was told and has read, then let run, asked or refused."""
