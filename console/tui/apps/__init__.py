"""The application, a layer a file: terminal, screens on top of each other, one source, a person who is called."""
