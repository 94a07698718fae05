"""Differences of two pictures: are they found, is their kind right, and is it known which were asked for?"""
