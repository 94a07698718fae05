"""Rating pages: what people say of edits, kept so that nothing is lost."""
