"""From results to what people and programs read: tables, a picture, JSON, CSV, SVG."""
