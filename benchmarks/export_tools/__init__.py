"""Our export of each model beside that by optimum."""
