"""What a request goes through before and behind its route: who may ask, what a body may be, and how answers look."""
