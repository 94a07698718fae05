"""What stands between requests and a Scorer: a bounded queue, and the threads that take from it. It knows no HTTP."""
