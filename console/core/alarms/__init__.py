"""What each kind of alarm means, which follow from which, and how much of people's time they take."""
