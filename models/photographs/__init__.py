"""How the demo's photographs came to be: where they are from, and the edits that were made of them by hand."""
