"""For pipelines of diffusers that edit pictures: the best of several edits, and edits that stop once they are done."""
