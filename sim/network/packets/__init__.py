"""Flows packet by packet over drop-tail queues: `windows` drives them, `packets` sends, drops and acknowledges, `cubic`
and `bbr` say how fast, `policing` sees who throws packets away, `queue` is what is due next.
"""
