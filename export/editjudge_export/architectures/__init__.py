"""The architectures that can be exported: `registry` lists them, and each has a module that makes its graphs."""
