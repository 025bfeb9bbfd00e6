"""What a life of the home has shown of its scenes, and what their text shows without one."""
