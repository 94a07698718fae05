"""From what was observed to answers: all that was asked for, what time allows, or what an order needs."""
