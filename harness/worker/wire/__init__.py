"""What the parent and a measured process say to each other, and the values in it."""
