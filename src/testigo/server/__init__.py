"""The server: intake, opener, jobs, API and the programs of observers, reviewers and coordinators."""
