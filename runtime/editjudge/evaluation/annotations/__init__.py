"""Lists of differences, found or true, as files hold them: DICE's two JSON files, and JSON lines of our own."""
