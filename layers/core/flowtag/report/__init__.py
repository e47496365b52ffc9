"""The report: one page that shows a result wherever it is opened, without a server."""
