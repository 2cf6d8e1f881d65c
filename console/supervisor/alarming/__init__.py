"""Alarms in the log: raised and cleared once, hidden by people and rules, escalated by time. A fault ends nothing else."""
