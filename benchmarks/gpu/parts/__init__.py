"""What is done on the machine, a part a file, each in a process of its own."""
