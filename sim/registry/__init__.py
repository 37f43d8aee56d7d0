"""The registry's domain, pure: names, images, clients, how far dedup looks, and the states of a copy.

Plain values in, plain values out: nothing here waits, reads a clock or draws a random number.
"""
