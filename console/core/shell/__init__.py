"""Shell commands taken apart before they are judged: programs, flags, targets, hosts. Pure."""
