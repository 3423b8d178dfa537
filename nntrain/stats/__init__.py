"""Statistics on arrays: metrics, ridge regression, prediction intervals, Shapley values."""
