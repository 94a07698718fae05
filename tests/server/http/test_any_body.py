"""Bodies at random, in both forms and on all routes: each is answered, none with 500."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from editjudge.server.http.schemas.examples import BLUE, RED

ROUTES = ("/v1/score", "/v1/rank", "/v1/differences", "/v1/reward", "/score")
STATUSES = {200, 400, 413, 415}
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from([RED, BLUE, RED[:40]])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["original", "edited", "instruction", "metrics", "compat", "budget_ms", "best", "requests", "protocol_version"]
)
TURNS = st.lists(st.dictionaries(st.sampled_from(["text", "image_b64", "video_path"]), VALUES, max_size=3), max_size=3)
ITEMS = st.fixed_dictionaries({"history": TURNS | VALUES, "required_rewards": st.just(["l2"]) | VALUES})
OBJECTS = st.dictionaries(KEYS, VALUES | st.lists(ITEMS, max_size=2), max_size=6)
GOOD = {"original": RED, "edited": BLUE, "instruction": "Make it blue."}
NEARLY = OBJECTS.map(lambda changed: GOOD | changed)
TEXTS = st.one_of(OBJECTS, NEARLY).map(lambda value: json.dumps(value).encode())
KINDS = st.sampled_from(
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        'multipart/form-data; boundary="',
    ],
)
PARTS = st.tuples(KEYS, st.none() | st.text(max_size=12), st.binary(max_size=60)).map(
    lambda part: (
        b'--x\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
        % (
            part[0].encode(),
            b"" if part[1] is None else b'; filename="%b"' % part[1].encode("utf-8", "replace"),
            part[2],
        )
    )
)
FORMS = st.lists(PARTS, max_size=5).map(lambda parts: b"".join(parts) + b"--x--\r\n")
BODIES = st.one_of(
    st.tuples(TEXTS, st.just("application/json")),
    st.tuples(FORMS, st.just("multipart/form-data; boundary=x")),
    st.tuples(st.binary(max_size=200), KINDS),
    st.tuples(st.tuples(TEXTS, st.integers(0, 400)).map(lambda cut: cut[0][: cut[1]]), KINDS),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(route=st.sampled_from(ROUTES), body=BODIES)
def test_any_body_is_answered(client: TestClient, route: str, body: tuple[bytes, str]) -> None:
    content, kind = body
    answer: Any = client.post(route, content=content, headers={"Content-Type": kind})
    assert answer.status_code in STATUSES, answer.text
    assert answer.status_code == 200 or answer.json()["error"]["message"]
