"""The screens, what they share, and what their keys do."""
