"""What is Tryton's own."""

from portal.crm.port import Applied, Reject
from tests.conformance.of_tryton import of_tryton


async def test_a_language_that_is_not_there_is_told_in_words_and_keeps_nobody_else(real_tryton: str) -> None:
    async with of_tryton(real_tryton) as subject:
        odd, alice = subject.wish(language="tlh"), subject.wish()
        refused, written = await subject.connector.push([odd, alice])
    assert refused == Reject("there is no language 'tlh'")
    assert isinstance(written, Applied)
