"""Scores over HTTP: a bounded queue before the models of one bundle, and the routes that lead to it."""
