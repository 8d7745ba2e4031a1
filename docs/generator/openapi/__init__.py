"""The JSON faces of the contracts as an OpenAPI 3.1 document, and the page that shows it."""
