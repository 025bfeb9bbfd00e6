"""Who may do what: identities and permissions."""
