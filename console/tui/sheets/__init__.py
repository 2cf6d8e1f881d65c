"""What an operator must do between a first key and its effect. Pure."""
