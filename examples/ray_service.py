"""Runs the service twice on this machine's Ray, asks it, and ends it.

pip install 'editjudge[ray,serve]'
python examples/ray_service.py original.png edited.png "make the car blue"
"""

from __future__ import annotations

import sys

from ray import serve

from editjudge.server.client import ScoreClient
from editjudge.server.ray.deployment import app

if __name__ == "__main__":
    serve.run(app({"bundle": "studio", "replicas": 2}))
    with ScoreClient("http://127.0.0.1:8000") as client:
        print(client.score(*sys.argv[1:])["headline"])
    serve.shutdown()
