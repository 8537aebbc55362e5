"""Where the watch gets its numbers from: one file per source or format."""
