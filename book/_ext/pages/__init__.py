"""What is written into pages and beside them."""
