"""The registry's domain, pure: names, images, what a registry holds, and what a push or a pull must move.

Plain values in, plain values out: nothing here waits, reads a clock or draws a random number.
"""
