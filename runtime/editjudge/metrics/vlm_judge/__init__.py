"""Judges that see: vision-language models that are asked for their judgement of an edit."""
