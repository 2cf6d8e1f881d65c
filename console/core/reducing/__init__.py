"""The only way that state changes: `reduce`, and what each type of record does."""
