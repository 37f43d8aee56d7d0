"""Places, links and the routes between them (`graph`); what makes them (`shapes`, and from files `graphml`); what they
carry by the time of day (`schedule`). `distance` has delays, `placenames` what a map's places are called.
"""
