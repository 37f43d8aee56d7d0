"""What a scenario may use and the protocol does without."""
