"""The terminal itself: what goes out to it and how fast, how it calls a person, what it lets a person take along."""
