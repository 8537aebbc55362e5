"""The screens of points 1 and 2, one module per screen family."""
