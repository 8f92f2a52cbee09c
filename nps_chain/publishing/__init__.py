"""What readers get: the published file, exports of it, and the verdict in the terminal."""
