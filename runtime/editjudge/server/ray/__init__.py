"""The service on a Ray cluster: as many copies of it as are wanted, on as many machines."""
