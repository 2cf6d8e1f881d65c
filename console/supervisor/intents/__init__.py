"""What operators want: who may, the first answer wins, and what each intent comes to."""
