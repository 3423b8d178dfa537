"""What tests share: running the command, documents, the slow and obvious form of training."""
