"""What staff see: tray and window. They are shown values and ask by signals; they never query and never wait."""
