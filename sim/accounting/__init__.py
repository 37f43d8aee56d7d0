"""What a run's rows add up to: metrics, for all deploys or for a group of them."""
