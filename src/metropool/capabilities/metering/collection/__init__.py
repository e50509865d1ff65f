"""Collection (采集): what is expected, what has come in, what is asked for again."""
