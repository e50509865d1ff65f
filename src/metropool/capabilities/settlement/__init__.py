"""The combined bill (三单合一) and its clearing: the companies' bills in, one bill out, payments back to each."""
