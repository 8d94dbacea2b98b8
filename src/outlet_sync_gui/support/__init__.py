"""What helps a person, or headquarters' IT, to find out what is wrong."""
