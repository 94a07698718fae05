"""The service under load, overload, hostile bodies, slow clients and the end of its processes."""
