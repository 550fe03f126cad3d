"""What `nudger doctor` looks at: one subject a file, each check a function that returns a finding."""
