"""Guards of the engine's hot files: what one operation costs, in units of a fixed loop, and what it may cost.

A guard is a file with a `BUDGET`, in units, and `operation()`, which sets everything up and returns what is timed. The unit is
a loop of plain Python, timed in the same process right before each guard, so that a budget holds on any machine.
"""
