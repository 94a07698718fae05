"""Who may ask: whoever shows the token; and where there is none, no page of another site."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from server.http.conftest import OpenClient

TOKEN = "s3cret-token-of-the-service"


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \u00e4",
    ],
)
@pytest.mark.parametrize("path", ["/v1/score", "/score", "/rewards", "/metrics", "/openapi.json", "/nowhere"])
def test_without_the_token_nothing_is_told(open_client: OpenClient, path: str, shown: str | None) -> None:
    headers = {} if shown is None else {"Authorization": shown.encode("latin-1")}
    client = open_client(token=TOKEN)
    for answer in (client.get(path, headers=headers), client.post(path, content=b"x" * 1000, headers=headers)):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["kind"] == "TokenError"
        assert "Authorization: Bearer" in answer.json()["error"]["message"]
        assert TOKEN not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_the_token(open_client: OpenClient, scheme: str) -> None:
    client = open_client(token=TOKEN)
    assert client.get("/rewards", headers={"Authorization": f"{scheme} {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/page/page.css", "/health"])
def test_the_page_and_the_health_need_none(open_client: OpenClient, path: str) -> None:
    assert open_client(token=TOKEN).get(path).status_code == 200


@pytest.mark.parametrize("root", ["/page", "/page/a", "/metrics"])
def test_where_it_is_mounted_opens_and_closes_nothing(open_client: OpenClient, root: str) -> None:
    client = TestClient(open_client(token=TOKEN).app, base_url="http://localhost", root_path=root)
    for path, status in (("/metrics", 401), ("/rewards", 401), ("/", 200), ("/page/page.css", 200), ("/health", 200)):
        assert client.get(root + path).status_code == status, path


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("attacker.example:8400", None),
        ("attacker.example:8400", "http://attacker.example:8400"),
        ("127.0.0.1:8400", "https://attacker.example"),
        ("127.0.0.1:8400", "null"),
        ("127.0.0.1:8400", "http://127.0.0.1:9999"),
        ("127.0.0.1.attacker.example", None),
        ("[::1", None),
    ],
)
def test_pages_of_other_sites(open_client: OpenClient, host: str, origin: str | None) -> None:
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    answer = open_client().post("/v1/score", headers=headers)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (403, "OriginError")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8400", None),
        ("127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("localhost:8400", "http://localhost:8400"),
        ("[::1]:8400", "http://[::1]:8400"),
        ("editor.localhost", None),
        ("localhost", None),
    ],
)
def test_the_own_page_and_apps_of_this_machine(open_client: OpenClient, host: str, origin: str | None) -> None:
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    assert open_client().get("/rewards", headers=headers).status_code == 200


def test_with_a_token_it_may_have_any_name(open_client: OpenClient) -> None:
    headers = {"Host": "scores.example", "Origin": "https://app.example", "Authorization": f"Bearer {TOKEN}"}
    assert open_client(token=TOKEN).get("/rewards", headers=headers).status_code == 200
