"""The demo's story: a cast, forty wishes for a shop, and three releases, all told through the ordinary services."""
