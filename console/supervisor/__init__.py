"""The supervisor: the only sequencer, recorder, judge, arbiter and watchdog of a site.

`desk` is the pure whole: messages, time and commits in, records and messages out. `service` gives it a broker and a
recording, `up` keeps it and the embedded broker alive.
"""
