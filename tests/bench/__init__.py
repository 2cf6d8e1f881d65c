"""What the supervisor costs beside a bare client: `python -m tests.bench`. What it means: docs/benchmarks.md."""
