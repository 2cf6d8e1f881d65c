"""Containment: a process and all its descendants under one hand that owns the link to the bus.

`tree` finds, freezes and ends processes, `cgroup` does it by the kernel where it may, `launch` starts the child held,
`bounds` and `output` keep it within limits, `wrapper` is the whole. `docs/containment.md` says what holds how far.
"""
