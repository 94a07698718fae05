"""Where bundles are pulled from."""
