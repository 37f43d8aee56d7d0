"""What a run's rows add up to: metrics for all deploys or a group of them, costs, failures, what held deploys back.

Everything here is arithmetic over the tables' columns. Nothing looks at how the run was made.
"""
