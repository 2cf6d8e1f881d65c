"""What `watchfloor doctor` looks at, on this machine and on the bus."""
