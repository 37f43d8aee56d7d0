"""The self-test: theory beside what is simulated (`queues`), laws in any run (`laws`), and both as one report."""
