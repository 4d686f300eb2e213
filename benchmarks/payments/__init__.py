"""Bank payments with known truth: a generator, a scorer and two baselines."""
