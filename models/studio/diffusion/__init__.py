"""A small Stable Diffusion of the studio's scenes, whose masks ours are compared with."""
