"""How a picture is read: where it comes from, what it is, its colours and its pixels."""
