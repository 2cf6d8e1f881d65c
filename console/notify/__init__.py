"""Messages to people who look at no console. A follower beside the supervisor: it can delay nothing and decides nothing."""
