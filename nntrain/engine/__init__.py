"""The textbook: a feed-forward network and how it learns, in NumPy alone.

No tables, no files and no printing here; `nntrain.training` joins this to the rest.
"""
