"""The objects that flowtag's parts exchange: messages, per-pair features, and ``motion.json``."""
