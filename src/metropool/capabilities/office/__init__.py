"""A party's own desk for what it tells the public: composes, schedules, publishes and withdraws announcements."""
