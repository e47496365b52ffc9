"""How far an estimator's flow, and its trust in it, lie from flow that is known."""
