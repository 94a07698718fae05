"""The studio's Grounding DINO."""
