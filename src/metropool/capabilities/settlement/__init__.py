"""The combined bill (三单合一) and its clearing: bills of three companies in, one bill out, payments back to each."""
