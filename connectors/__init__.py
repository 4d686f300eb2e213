"""What talks to systems: the contract, the transports, one small module or package a vendor."""
