"""What TCP adds to a fluid, in formulas: `transport` has opening, slow start, ceilings, headers and acknowledgements;
`retransmission` how a connection gets over an outage. Losses and queues are `sim.network.packets`'.
"""
