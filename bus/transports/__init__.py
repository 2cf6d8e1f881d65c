"""The way of bytes: one interface, over a broker or inside one process. `bus.transports.transport` says what it promises."""
