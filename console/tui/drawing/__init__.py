"""Rows on a terminal: inks and signs, figures, text on fixed columns, line widgets, where each stands. Knows no floor."""
