"""The web application: the business seam over HTTP, health, and serving by granian."""
