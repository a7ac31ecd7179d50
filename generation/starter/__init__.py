"""What a fresh studio starts with: the corpus that its first adapter was trained on."""
