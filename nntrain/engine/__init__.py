"""The textbook: a feed-forward network and how it learns, in NumPy alone.

Read it in this order: `network` (equations 1 to 4, forward and backward pass), `activations` (6 to
9), `loss` (5), `optimizers` (the update), `batches`, `learners` and `training` (the loop over
epochs and batches). There are no tables, files or messages here; `nntrain.training` adds these.
"""
