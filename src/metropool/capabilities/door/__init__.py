"""The door of a system for its own software that is not ours: hears all the plan lets come, says what the plan lets it say."""
