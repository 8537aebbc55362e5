"""Everything the shop can do: one folder per feature, found by itself (see shop/features.py)."""
