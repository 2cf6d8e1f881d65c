"""Whether runs get on: silence, loops, stalls and confident failure, seen by detectors and said in the log."""
