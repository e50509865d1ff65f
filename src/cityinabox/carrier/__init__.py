"""The telecom carrier between terminals and head-end: it passes on, keeps everything, and on demand does what a bad one would."""
