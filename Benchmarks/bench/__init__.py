"""`make bench`: both sides of each row measured in one run, in turns."""
