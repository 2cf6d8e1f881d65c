"""What the screens show, as rows: pure functions of the fleet and the view."""
