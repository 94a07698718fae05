"""Windows of pictures, for models that need not see the whole."""
