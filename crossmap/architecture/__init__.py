"""What linkages say together: which places traits share."""
