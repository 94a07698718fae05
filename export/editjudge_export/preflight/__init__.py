"""What a build will take, told and checked before its first minute of work."""
