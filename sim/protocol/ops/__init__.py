"""Each step of the protocol once: small functions over rows, text for both engines (see `sim.protocol`)."""
