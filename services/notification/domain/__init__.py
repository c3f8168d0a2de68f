"""What a mail is, when it goes out and who agreed to it: pure rules, no I/O."""
