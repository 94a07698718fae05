"""The pair of pictures as one thing: embeddings of edits, which can be compared with instructions and each other."""
