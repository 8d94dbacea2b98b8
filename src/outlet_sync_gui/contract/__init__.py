"""The wire: the only place that knows JSON field names."""
