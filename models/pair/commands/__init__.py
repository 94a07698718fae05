"""What the commands share: how they read options, and what they keep in a folder so as to go on from it."""
