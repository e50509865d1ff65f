"""The rating engine, pure: a plan of lines, an exact path for one bill, a column path for a whole run."""
