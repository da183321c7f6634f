from services.orders.describe import PAGE, described


def test_the_page_of_moves_is_what_the_code_says() -> None:
    """`python -m services.orders.describe` writes it."""
    assert PAGE.read_text(encoding="utf-8") == described()
