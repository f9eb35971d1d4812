"""The mixture model: speed on a country, coverage, power against planted frauds, and the published model in JAGS."""
