"""The practice systems: the world they share, what each tells of it, and what was seeded in them."""
