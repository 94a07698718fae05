"""From the ratings of people to the numbers of a bundle."""
