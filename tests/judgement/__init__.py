"""What carries the judge's result: figures for docs/judgement.md, from recorded runs. Nothing here is shipped."""
