"""The eyes of a language model: a projector that needs no download, to try the whole path of pictures with."""
