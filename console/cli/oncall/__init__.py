"""The shift report: who did what on a floor, out of its recording."""
