"""Live video: addresses, connections, and clocks that jump."""
