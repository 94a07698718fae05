"""Can an app act on a score? On rendered scenes whose edits are of known quality, and on photographs."""
