"""The fleet: what is known of runs, agents and alarms, the tables of their lives, and what follows from that alone."""
