"""What the console on screen needs of this machine: its recordings, and a session to replay."""
