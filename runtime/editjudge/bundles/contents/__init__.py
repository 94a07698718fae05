"""What the files of a bundle may hold: each is looked through before a library that would trust it opens it."""
