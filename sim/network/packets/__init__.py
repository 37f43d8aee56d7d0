"""Flows packet by packet over drop-tail queues.

`windows` drives them from Python; `packets` sends, drops and acknowledges; `cubic` and `bbr` say how fast, `policing`
whether somebody drops packets above a rate; `state` has the rows that all of them work on.
"""
