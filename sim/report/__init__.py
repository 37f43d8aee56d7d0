"""What is told and drawn of what was found: the only room that renders."""
