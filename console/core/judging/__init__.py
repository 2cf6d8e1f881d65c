"""What a proposed action may do at worst, how likely it fails, and which gate that comes to."""
