"""What llama.cpp computes with: its tensors, and the files that hold them."""
