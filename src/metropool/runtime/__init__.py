"""The only room that builds things: settings, nodes, workers, command line."""
