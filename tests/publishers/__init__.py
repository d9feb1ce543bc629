"""A local stand-in for the publishers: real bodies over real HTTP, with each publisher's errors and limits."""
