"""The HTML report about a model: what it measures, its charts, and its page (extra `report`)."""
