"""Files in, `Cross` out, and back; result folders."""
