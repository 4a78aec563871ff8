"""What a browser calls itself, told so that its owner knows it."""

import pytest

from portal.devices.browsers import device_name

MOZILLA = "Mozilla/5.0"
KHTML = "(KHTML, like Gecko)"
NAMED = {
    "Firefox on Windows": f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Firefox on Linux": f"{MOZILLA} (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Firefox on iPhone": f"{MOZILLA} (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 {KHTML} "
    "FxiOS/145.0 Mobile/15E148 Safari/605.1.15",
    "Safari on iPhone": f"{MOZILLA} (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 {KHTML} "
    "Version/26.1 Mobile/15E148 Safari/604.1",
    "Safari on Mac": f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 {KHTML} "
    "Version/26.1 Safari/605.1.15",
    "Chrome on Android": f"{MOZILLA} (Linux; Android 10; K) AppleWebKit/537.36 {KHTML} "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
    "Samsung Internet on Android": f"{MOZILLA} (Linux; Android 10; K) AppleWebKit/537.36 {KHTML} "
    "SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
    "Edge on Windows": f"{MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {KHTML} "
    "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Opera on Mac": f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 {KHTML} "
    "Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0",
    "Chrome on ChromeOS": f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 {KHTML} "
    "Chrome/142.0.0.0 Safari/537.36",
    "Chrome on iPad": f"{MOZILLA} (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 {KHTML} "
    "CriOS/142.0 Mobile/15E148 Safari/604.1",
    "Windows": "Something Windows",
    "A browser that does not say what it is": "curl/8.17.0",
}


@pytest.mark.parametrize(("name", "user_agent"), NAMED.items(), ids=NAMED)
def test_each_is_told_by_the_names_that_its_owner_knows(name: str, user_agent: str) -> None:
    assert device_name(user_agent) == name


def test_what_it_makes_up_is_not_repeated() -> None:
    assert device_name("<b>Free money</b> Firefox") == "Firefox"
