"""An invented election day: sheets, scans, observers, liars, failures. Seeded."""
