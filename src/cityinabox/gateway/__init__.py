"""A home's gateway: replays a measured home with one switchable plug, speaks MQTT upward and HTTP to the terminal indoors."""
