"""What the operator lays down: the tool catalogue, the rules that can only raise, and the one call that judges."""
