"""What tests share: a hospital that speaks to an application in process, and people to treat."""
