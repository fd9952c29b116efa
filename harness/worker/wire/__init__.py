"""The messages between the parent and a measured process, and the values in them."""
