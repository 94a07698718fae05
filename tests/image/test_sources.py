"""Where a picture may come from: addresses, buffers and open files; and what is refused without being fetched."""

from __future__ import annotations

import base64
import io
import socket
from pathlib import Path
from urllib.parse import quote

import numpy as np
import PIL.Image
import pytest

from editjudge import ImageError
from editjudge.image.decode import load_image, start_decoding
from editjudge.image.decoding.limits import ImageLimits


@pytest.fixture
def content(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("wrap", [bytearray, memoryview, io.BytesIO, lambda content: memoryview(bytearray(content))])
def test_buffers(picture: np.ndarray, content: bytes, wrap: type) -> None:
    np.testing.assert_array_equal(load_image(wrap(content)), picture)


def test_an_open_file_is_read_from_its_beginning_and_left_where_it_stood(picture: np.ndarray, content: bytes) -> None:
    stream = io.BytesIO()
    stream.write(content)  # and not sought back, as who has just saved a picture into it
    for place in (len(content), 7):
        stream.seek(place)
        np.testing.assert_array_equal(load_image(stream), picture)
        assert stream.tell() == place
    assert not stream.closed


def test_one_open_file_may_be_both_pictures(picture: np.ndarray, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with (tmp_path / "a.png").open("rb") as file:
        loaded = start_decoding([file] * 4)
        for future in loaded:
            np.testing.assert_array_equal(future.result().pixels, picture)


def test_a_pipe_that_has_no_beginning(picture: np.ndarray, content: bytes) -> None:
    one, other = socket.socketpair()
    with one, other, one.makefile("rb") as file:
        other.sendall(content)
        other.shutdown(socket.SHUT_WR)
        np.testing.assert_array_equal(load_image(file), picture)


def test_files_that_cannot_be_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with (tmp_path / "a.png").open(encoding="latin-1") as text:
        with pytest.raises(ImageError, match=r"opened as text; .*open\(path, 'rb'\)"):
            load_image(text)  # type: ignore[arg-type]
        (future,) = start_decoding([text])  # type: ignore[list-item]
        with pytest.raises(ImageError, match="opened as text"):
            future.result()
    with pytest.raises(ImageError, match="closed file"):
        load_image(text)  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="0 bytes"):
        load_image(io.BytesIO())


@pytest.mark.parametrize(
    "kind", ["data:image/png;base64,{b}", "data:;base64,{b}", "DATA:image/png;base64,{q}", "data:,{p}"]
)
def test_data_addresses(picture: np.ndarray, content: bytes, kind: str) -> None:
    coded = base64.b64encode(content).decode()
    address = kind.format(b=coded, q=quote(coded, safe=""), p=quote(content))
    np.testing.assert_array_equal(load_image(address), picture)


def test_data_addresses_with_line_breaks_or_of_the_alphabet_for_addresses(picture: np.ndarray, content: bytes) -> None:
    broken = base64.encodebytes(content).decode()
    for coded in (broken, base64.urlsafe_b64encode(content).decode().rstrip("=")):
        np.testing.assert_array_equal(load_image(f"data:image/png;base64,{coded}"), picture)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("data:image/png;base64", "no comma"),
        ("data:image/png;base64,iVBORw0KGgo*", "holds no base64"),
        ("data:image/png;base64,", "0 bytes"),
        ("data:text/plain,words", "is not a picture"),
        ("data:image/png;base64,é", "holds no base64: .* only ASCII characters"),
        ("data:;base64,\ud800", "holds no base64"),
        ("data:,\ud800", "is not a picture"),
    ],
)
def test_data_addresses_that_hold_no_picture(address: str, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        load_image(address)


def test_a_data_address_is_bounded() -> None:
    limits = ImageLimits(max_pixels=64)
    with pytest.raises(ImageError, match=r"data: address has 300 MB, more than the limit of 268 MB"):
        load_image("data:;base64," + "A" * 400_000_000, limits)


def test_file_addresses(picture: np.ndarray, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a picture.png"
    path.write_bytes(content)
    np.testing.assert_array_equal(load_image(path.as_uri()), picture)
    with pytest.raises(ImageError, match="another machine"):
        load_image("file://elsewhere/a.png")
    with pytest.raises(ImageError, match=r"/none\.png does not exist"):
        load_image("file:///none.png")


def test_blanks_before_an_address(picture: np.ndarray, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    coded = base64.b64encode(content).decode()
    for address in (f"\n  data:;base64,{coded}", f" {(tmp_path / 'a.png').as_uri()}"):
        np.testing.assert_array_equal(load_image(address), picture)


@pytest.mark.parametrize("address", ["file://[/a.png", "file://[::1/a.png", "file://\u2100/a.png"])
def test_broken_addresses_of_files(address: str) -> None:
    with pytest.raises(ImageError, match=r"is no address that can be read: .*; name the file"):
        load_image(address)


def test_the_empty_path_and_paths_with_a_colon(tmp_path: Path, content: bytes, picture: np.ndarray) -> None:
    for text in ("", " "):
        with pytest.raises(ImageError, match="the path is empty; name a picture"):
            load_image(text)
    (tmp_path / "12:30.png").write_bytes(content)
    np.testing.assert_array_equal(load_image(str(tmp_path / "12:30.png")), picture)
    with pytest.raises(ImageError, match=r"C:/none\.png does not exist"):
        load_image("C:/none.png")


NETWORK = ["http", "https", "HTTPS", "ftp", "s3", "gs", "az", "ssh", "abfss", "git+ssh"]


@pytest.mark.parametrize("scheme", NETWORK)
def test_what_lies_in_the_network_is_refused_and_not_fetched(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **_: asked.append(arguments))
    with pytest.raises(ImageError, match="is an address; nothing is fetched: save the picture"):
        load_image(f"{scheme}://127.0.0.1:9/a.png")
    assert asked == []


def test_an_address_that_became_a_path() -> None:
    for address in ("https://127.0.0.1/a.png", "az://container/a.png"):
        with pytest.raises(ImageError, match="nothing is fetched"):
            load_image(Path(address))
    with pytest.raises(ImageError, match="became a path, which changes it; hand it in as a text"):
        load_image(Path("data:image/png;base64,iVBO//RK"))


def test_base64_by_itself(content: bytes) -> None:
    with pytest.raises(ImageError, match=r"in base64 and no path; hand in base64\.b64decode\(text\)") as caught:
        load_image(base64.b64encode(content).decode())
    assert len(str(caught.value)) < 200


def test_a_name_without_end_is_not_repeated() -> None:
    with pytest.raises(ImageError, match=r"cannot be read|does not exist") as caught:
        load_image("a" * 5000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.png ", "'a.png '"),
        (" a.png", "' a.png'"),
        ("a.png\xa0", r"'a.png\xa0'"),
        ("a.png\u200b", r"'a.png\u200b'"),
        ("10:00\u202fAM.png", r"'10:00\u202fAM.png'"),
        ("my car.png", "my car.png"),
    ],
)
def test_a_name_of_which_some_is_not_seen(name: str, said: str) -> None:
    with pytest.raises(ImageError) as caught:
        load_image(name)
    assert str(caught.value) == f"{said} does not exist; check the path"


def test_a_file_larger_than_its_pixels_can_be(tmp_path: Path) -> None:
    with (tmp_path / "sparse.png").open("wb") as file:
        file.truncate(2 * 10**9)
    with pytest.raises(ImageError, match=r"sparse\.png has 2,000 MB, more than the limit of 1,068 MB"):
        load_image(tmp_path / "sparse.png")
