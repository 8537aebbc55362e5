"""What the templates show, prepared in Python: rows, headlines, dates in words."""
