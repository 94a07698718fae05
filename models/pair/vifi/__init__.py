"""Fine-tuning of ViFi-CLIP on edits: a CLIP whose two frames are averaged, trained whole."""
