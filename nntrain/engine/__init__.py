"""The textbook: a feed-forward network and how it learns, in NumPy alone.

No tables, no files and no printing here; `nntrain.fitting` joins this to the rest.
"""
