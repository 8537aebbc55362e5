"""What is sent to a host with each request: these modules, loaded there under the names they have here."""
