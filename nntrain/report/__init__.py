"""The HTML report about a model, and its charts (extra `report`)."""
