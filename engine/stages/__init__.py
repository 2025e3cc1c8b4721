"""What is done with a call: a file is a stage, and its name is the word in routes.yaml."""
