"""What models with eyes are asked of an edit."""
