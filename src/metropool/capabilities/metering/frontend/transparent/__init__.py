"""Plain DL/T 645 meters behind TCP modems (transparent links), without a concentrator in between."""
