import pytest

from bus.url import BadBrokerUrlError, BrokerUrl


def test_the_default_ports() -> None:
    assert BrokerUrl.parse("mqtt://host") == BrokerUrl("mqtt", "host", 1883)
    assert BrokerUrl.parse(" mqtts://host/ ") == BrokerUrl("mqtts", "host", 8883)


def test_everything_that_may_be_said() -> None:
    url = BrokerUrl.parse("mqtts://al%40ice:p%3A%2Fw@[::1]:9000?ca=/a%20b.pem&cert=c.pem&key=k.pem")
    assert url == BrokerUrl("mqtts", "::1", 9000, "al@ice", "p:/w", "/a b.pem", "c.pem", "k.pem")
    assert url.address == "mqtts://[::1]:9000"


def test_the_password_is_never_shown() -> None:
    url = BrokerUrl.parse("mqtt://alice:hunter2@host:1883")
    assert url.password == "hunter2"
    assert str(url) == "mqtt://alice:***@host:1883"
    assert "hunter2" not in repr(url) + str(url) + f"{url}"


@pytest.mark.parametrize(
    "text,wrong",
    [
        ("", "must begin with mqtt"),
        ("host:1883", "must begin with mqtt"),
        ("http://host", "must begin with mqtt"),
        ("mqtt://", "host is missing"),
        ("mqtt://alice@", "host is missing"),
        ("mqtt://host:0", "port is not a number"),
        ("mqtt://host:65536", "port is not a number"),
        ("mqtt://host:secret", "port is not a number"),
        ("mqtt://[host", "host cannot be read"),
        ("mqtt://host/topic", "nothing but"),
        ("mqtt://host#x", "nothing but"),
        ("mqtt://:secret@host", "user name"),
        ("mqtt://host?ca=x", "needs mqtts"),
        ("mqtts://host?colour=x", "unknown option 'colour'"),
        ("mqtts://host?ca", "name=value"),
        ("mqtts://host?ca=", "must have one value"),
        ("mqtts://host?ca=a&ca=b", "must have one value"),
        ("mqtts://host?key=k", "needs 'cert'"),
    ],
)
def test_a_bad_address_is_explained_on_one_line(text: str, wrong: str) -> None:
    with pytest.raises(BadBrokerUrlError, match=wrong) as caught:
        BrokerUrl.parse(text)
    message = str(caught.value)
    assert "\n" not in message
    assert "example: mqtt://127.0.0.1:1883" in message
    assert "secret" not in message


def test_missing_tls_files_are_named() -> None:
    assert BrokerUrl.parse("mqtt://host").tls_context() is None
    with pytest.raises(BadBrokerUrlError, match=r"ca=/nowhere\.pem"):
        BrokerUrl.parse("mqtts://host?ca=/nowhere.pem").tls_context()
    with pytest.raises(BadBrokerUrlError, match=r"cert=/nowhere\.pem and key=/key\.pem"):
        BrokerUrl.parse("mqtts://host?cert=/nowhere.pem&key=/key.pem").tls_context()
