"""Line mode: the console for screen readers, dumb terminals and logs."""
