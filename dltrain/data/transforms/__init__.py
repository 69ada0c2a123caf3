"""Steps that every sample goes through before the network, in training and in prediction."""
