"""What Uplink costs on the board, beside what is usual there."""
