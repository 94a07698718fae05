"""What requests and answers hold, as /openapi.json tells it, each with an example."""
