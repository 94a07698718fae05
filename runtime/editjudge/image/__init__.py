"""Pictures as arrays: decoding, resizing, boxes, differences."""
