"""What is agreed: the landing folder's files, the public tables' columns, and the pages written from them."""
