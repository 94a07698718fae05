"""editjudge inside torchmetrics, Hugging Face evaluate and diffusers, each imported only where it is used."""
