"""What a scenario's text alone says of its runs: what may happen in them, which keys count, what is reached."""
