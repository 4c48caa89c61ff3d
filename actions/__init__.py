"""What to say next: pure functions, with thin rasa-sdk Action classes in front."""
