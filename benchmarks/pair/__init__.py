"""Embeddings of edits: do they find the instruction and the edit, know the direction, and order quality?"""
