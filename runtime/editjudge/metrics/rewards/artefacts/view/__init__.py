"""The pair of pictures as artefacts are looked for in it, and the grid that what is found of them is told on."""
