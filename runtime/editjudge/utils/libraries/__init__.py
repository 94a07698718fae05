"""What libraries in other languages leave in a process, and how they are loaded so that they do not."""
