"""What the fuzz of reliability calls: bytes in, a call and what is wrong with its outcome out."""
